"""The MuJoCo model of an arm, with any parameter set applied to its MJCF.

Conventions of every such MJCF: hinges ``joint1`` ... and two fingers that slide, in the robot's joint order, one
motor per hinge and one position actuator per finger of the same name and order, a site ``tool`` between the
fingertips with z out of the hand and y along the fingers' way, and bodies ``left_finger`` (at +y) and ``right_finger``.
"""

from __future__ import annotations

import mujoco

from sim.mjcf import apply_joint, open_mjcf
from sim.spec import ArmParameters, RobotSpec

TOOL = "tool"
FINGERS = ("left_finger", "right_finger")


def build_arm_spec(
    robot: RobotSpec | str, parameter_set: ArmParameters | str | None = None, timestep: float = 0.002
) -> tuple[mujoco.MjSpec, ArmParameters]:
    """Return an editable model of an arm with its parameters.

    Args:
        robot: the robot or its name.
        parameter_set: the set or its name; the robot's default when None.
        timestep: integration step, s.

    Raises:
        ConfigError: for an unknown robot or set, a robot that is no arm, a time step that is not positive, or an
            MJCF that lacks what the parameters name.
    """
    spec, robot, parameters = open_mjcf(robot, parameter_set, ArmParameters, timestep)
    for index, name in enumerate(parameters.joint_names):
        reach = (parameters.position_low[index], parameters.position_high[index])
        joint, _ = apply_joint(spec, robot, name, reach, parameters.armature[index], parameters.effort[index])
        joint.damping[0] = parameters.damping[index]
    for name in parameters.joint_names[parameters.num_hinges :]:
        spec.actuator(name).set_to_position(kp=parameters.finger_kp, kv=parameters.finger_kd)
    return spec, parameters
