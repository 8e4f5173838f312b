"""The constants of a robot on legs by name, and which robots there are: for whoever needs no model of them."""

from __future__ import annotations

from sim.errors import ConfigError
from sim.registry import load_robot, robot_names
from sim.spec import JointParameters


def joint_robots() -> tuple[str, ...]:
    """Return the names of all robots with joints."""
    return tuple(name for name in robot_names() if isinstance(load_robot(name).parameters(), JointParameters))


def joint_parameters(robot: str, parameter_set: str | None = None) -> JointParameters:
    """Return a robot's constants.

    Args:
        robot: its name.
        parameter_set: name of the set; the robot's default when None.

    Raises:
        ConfigError: for an unknown robot or set, or a robot without joints or feet.
    """
    spec = load_robot(robot)
    own = spec.parameters()
    if not isinstance(own, JointParameters) or not own.feet:
        raise ConfigError(f"robot '{robot}' has no legs to stand on: choose one with joints and feet, such as g1")
    return spec.parameters(parameter_set)
