"""A robot's MJCF, opened with what every model here has in common: its time step and gravity."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import mujoco

from sim.errors import ConfigError
from sim.registry import load_robot
from sim.spec import GRAVITY, ArmParameters, JointParameters, MultirotorParameters, RobotSpec

ParametersT = TypeVar("ParametersT", MultirotorParameters, JointParameters, ArmParameters)

_LACKS: dict[type, str] = {
    MultirotorParameters: "is not a multirotor",
    JointParameters: "has no joints to stand on",
    ArmParameters: "is not an arm",
}


def open_mjcf(
    robot: RobotSpec | str,
    parameter_set: MultirotorParameters | JointParameters | ArmParameters | str | None,
    kind: type[ParametersT],
    timestep: float,
) -> tuple[mujoco.MjSpec, RobotSpec, ParametersT]:
    """Read a robot's MJCF and find its parameter set; nothing of the set is applied yet.

    Args:
        robot: the robot or its name.
        parameter_set: the set or its name; the robot's default when None.
        kind: of parameters that the model is for.
        timestep: integration step, s.

    Returns:
        The editable model, the robot and its parameters.

    Raises:
        ConfigError: for an unknown robot or set, a robot of another kind, a time step that is not
            positive, or an MJCF that cannot be read.
    """
    robot = load_robot(robot) if isinstance(robot, str) else robot
    if not timestep > 0.0:
        raise ConfigError(f"robot '{robot.name}': the time step must be positive, got {timestep}")
    if isinstance(parameter_set, str) or parameter_set is None:
        parameter_set = robot.parameters(parameter_set)
    if not isinstance(parameter_set, kind):
        raise ConfigError(f"robot '{robot.name}' {_LACKS[kind]}")
    spec = read_mjcf(robot)
    spec.option.timestep = timestep
    spec.option.gravity = [0.0, 0.0, -GRAVITY]
    return spec, robot, parameter_set


def read_mjcf(robot: RobotSpec) -> mujoco.MjSpec:
    """Return the robot's model as its files have it, what is mounted on it included.

    Raises:
        ConfigError: if a file cannot be read, or lacks the site that something is mounted on.
    """
    spec = _read(robot, robot.mjcf)
    for mount in robot.mounts:
        site = spec.site(mount.site)
        if site is None:
            raise ConfigError(f"robot '{robot.name}': {robot.mjcf.name} has no site named '{mount.site}'")
        spec.attach(_read(robot, mount.mjcf), site=site, prefix=mount.prefix)
    return spec


def _read(robot: RobotSpec, path: Path) -> mujoco.MjSpec:
    try:
        return mujoco.MjSpec.from_file(str(path))
    except ValueError as error:
        reason = " ".join(str(error).split())
        raise ConfigError(f"robot '{robot.name}': cannot read {path.name}: {reason}") from error


def apply_joint(
    spec: mujoco.MjSpec, robot: RobotSpec, name: str, reach: tuple[float, float], armature: float, effort: float
) -> tuple[mujoco.MjsJoint, mujoco.MjsActuator]:
    """Write what every kind of joint has into the model.

    Args:
        spec: the robot's model.
        robot: for messages.
        name: of the joint and of its actuator.
        reach: lowest and highest position, rad or m.
        armature: inertia of rotor and gear at the joint, kg m^2 or kg.
        effort: largest torque or force of the actuator, N m or N.

    Returns:
        The joint and its actuator.

    Raises:
        ConfigError: if the MJCF has no such joint or no such actuator.
    """
    joint, actuator = spec.joint(name), spec.actuator(name)
    if joint is None or actuator is None:
        raise ConfigError(f"robot '{robot.name}': {robot.mjcf.name} has no joint or no actuator named '{name}'")
    joint.range = reach
    joint.armature = armature
    actuator.forcerange = (-effort, effort)
    return joint, actuator
