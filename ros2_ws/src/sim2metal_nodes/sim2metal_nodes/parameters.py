"""Parameters with a description, a range and one clear line for a bad value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.exceptions import InvalidParameterTypeException, InvalidParameterValueException

from hardware.joints.behaviour import LONGEST_WAIT_S
from sim.errors import ConfigError

BASE_LINK = "base_link"
"""Frame of what flies; REP 105."""


def declare_body_frame(node: Any) -> str:
    """Declare ``body_frame`` and return it; empty: ``base_frame`` of the robot."""
    return declare(node, "body_frame", "", "frame of imu; empty: base_link, or of joints the link that is the base")


def base_frame(constants: Mapping[str, Any]) -> str:
    """Return the frame of a robot's base: of a robot with joints the link that they all hang on, which has its name.

    Args:
        constants: of the robot, as a bundle has them.
    """
    links = constants.get("link_names") if "kp" in constants else None
    return links[0] if links else BASE_LINK


def declare_wait(node: Any) -> float:
    """Declare ``wait``, how long joints are held in the default pose before the policy acts, and return it, s."""
    about = "joints: how long the default pose is held before the policy acts, s"
    return declare(node, "wait", 0.0, about, low=0.0, high=LONGEST_WAIT_S)


def declare(
    node: Any, name: str, default: Any, description: str, *, low: float | None = None, high: float | None = None
) -> Any:
    """Declare a read-only parameter and return its value.

    Args:
        node: the node.
        name: of the parameter.
        default: its value if none is given; its type is the parameter's.
        description: with the unit.
        low: smallest value.
        high: largest value.

    Raises:
        ConfigError: if the given value has another type or is outside the range.
    """
    descriptor = ParameterDescriptor(name=name, description=description, read_only=True)
    if low is not None and high is not None:
        if isinstance(default, float):
            bounds = FloatingPointRange(from_value=float(low), to_value=float(high), step=0.0)
            descriptor.floating_point_range = [bounds]
        else:
            descriptor.integer_range = [IntegerRange(from_value=int(low), to_value=int(high), step=1)]
    try:
        return node.declare_parameter(name, default, descriptor).value
    except (InvalidParameterTypeException, InvalidParameterValueException) as error:
        kind = type(default).__name__
        between = f" from {low:g} to {high:g}" if low is not None and high is not None else ""
        reason = " ".join(str(error).split())
        raise ConfigError(f"parameter '{name}' must be a {kind}{between} ({description}): {reason}") from None
