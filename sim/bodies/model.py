"""The MuJoCo model of a robot with joints, with any parameter set applied to its MJCF.

Conventions of every such MJCF: a base body on a free joint ``root``, hinge joints after it in the
robot's joint order, and one position actuator per joint with the joint's name and order.

They are integrated by ``implicitfast``, which is accurate at 200 Hz under a policy's soft gains. Stiff gains at such
steps want ``discrete``: ``implicitfast`` adds the actuators' damping after the contacts were solved for, so that feet
creep; here the G1 under its set ``stand`` topples at 200 Hz by the one and stands by the other.
"""

from __future__ import annotations

import mujoco

from sim.errors import ConfigError
from sim.flight.scene import add_scene
from sim.mjcf import apply_joint, open_mjcf
from sim.spec import JointParameters, RobotSpec


def build_joint_model(
    robot: RobotSpec | str,
    parameter_set: JointParameters | str | None = None,
    timestep: float = 0.002,
    floor: bool = True,
) -> mujoco.MjModel:
    """Compile a robot's MJCF with a parameter set.

    Args:
        robot: the robot or its name.
        parameter_set: the set or its name; the robot's default when None.
        timestep: integration step, s.
        floor: add a floor to stand on, with sky and light.

    Returns:
        The compiled model; ``ctrl`` is one target angle per joint in radians.

    Raises:
        ConfigError: for an unknown robot or set, a robot without joints, a time step that is not
            positive, or an MJCF that lacks what the parameters name.
    """
    return build_joint_spec(robot, parameter_set, timestep, floor).compile()


def build_joint_spec(
    robot: RobotSpec | str,
    parameter_set: JointParameters | str | None = None,
    timestep: float = 0.002,
    floor: bool = True,
) -> mujoco.MjSpec:
    """Like ``build_joint_model``, but still editable (cameras, obstacles, a crane)."""
    spec, robot, parameters = open_mjcf(robot, parameter_set, JointParameters, timestep)
    _apply(spec, robot, parameters)
    if floor:
        add_scene(spec)
    return spec


def hold_base(spec: mujoco.MjSpec, parameters: JointParameters) -> None:
    """Fix the base of a robot in the air, where its MJCF has it, in place."""
    for joint in spec.body(parameters.link_names[0]).joints:
        if joint.type == mujoco.mjtJoint.mjJNT_FREE:
            spec.delete(joint)


def reset_to_default_pose(model: mujoco.MjModel, data: mujoco.MjData, parameters: JointParameters) -> None:
    """Put the robot upright on the ground in its default pose, at rest, its targets there too."""
    mujoco.mj_resetData(model, data)
    data.qpos[:7] = (0.0, 0.0, parameters.base_height_m, 1.0, 0.0, 0.0, 0.0)
    data.qpos[7:] = parameters.default_pose_rad
    data.ctrl[:] = parameters.default_pose_rad
    mujoco.mj_forward(model, data)


def _apply(spec: mujoco.MjSpec, robot: RobotSpec, parameters: JointParameters) -> None:
    """Write the parameter set's constants over those of the MJCF."""
    for name, mass in zip(parameters.link_names, parameters.link_mass, strict=True):
        body = spec.body(name)
        if body is None:
            raise ConfigError(f"robot '{robot.name}': {robot.mjcf.name} has no body named '{name}'")
        _set_mass(body, mass)
    for index, name in enumerate(parameters.joint_names):
        reach = (parameters.position_low_rad[index], parameters.position_high_rad[index])
        effort, armature = parameters.effort_n_m[index], parameters.armature_kg_m2[index]
        _, actuator = apply_joint(spec, robot, name, reach, armature, effort)
        kp, kd = parameters.kp[index], parameters.kd[index]
        actuator.gainprm[0] = kp
        actuator.biasprm[:3] = (0.0, -kp, -kd)


def _set_mass(body: mujoco.MjsBody, mass: float) -> None:
    """Give a body its mass: where the MJCF states no inertia, its shapes carry it, each its share."""
    if body.explicitinertial:
        body.mass = mass
        return
    shapes = [geom for geom in body.geoms if geom.mass > 0.0]
    scale = mass / sum(geom.mass for geom in shapes)
    for geom in shapes:
        geom.mass *= scale
