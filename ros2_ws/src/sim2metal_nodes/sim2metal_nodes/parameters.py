"""Parameters with a description, a range and one clear line for a bad value."""

from __future__ import annotations

from typing import Any

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.exceptions import InvalidParameterTypeException, InvalidParameterValueException

from sim.errors import ConfigError


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
