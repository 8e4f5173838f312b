"""The MuJoCo model of an arm, with any parameter set applied to its MJCF.

Conventions of every such MJCF: hinges ``joint1`` ... and two fingers that slide, in the robot's joint order, one
motor per hinge and one position actuator per finger of the same name and order, a site ``tool`` between the
fingertips with z out of the hand and y along the fingers' way, and bodies ``left_finger`` (at +y) and ``right_finger``.
"""

from __future__ import annotations

import mujoco

from sim.errors import ConfigError
from sim.mjcf import open_mjcf
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
        joint, actuator = spec.joint(name), spec.actuator(name)
        if joint is None or actuator is None:
            raise ConfigError(f"robot '{robot.name}': {robot.mjcf.name} has no joint or no actuator named '{name}'")
        effort = parameters.effort[index]
        joint.range = (parameters.position_low[index], parameters.position_high[index])
        joint.armature = parameters.armature[index]
        joint.damping[0] = parameters.damping[index]
        actuator.forcerange = (-effort, effort)
    for name in parameters.joint_names[parameters.num_hinges :]:
        spec.actuator(name).set_to_position(kp=parameters.finger_kp, kv=parameters.finger_kd)
    return spec, parameters
