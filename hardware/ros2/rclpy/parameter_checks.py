"""What a parameter's descriptor allows: type, read-only, ranges."""

from __future__ import annotations

import math
from typing import Any

from hardware.ros2.messages import message_class
from hardware.ros2.rclpy.parameter import Parameter

RELATIVE_TOLERANCE = 1e-5
"""How near a float must be to a bound or a step to count as on it; rclpy's value."""


def refusal(parameter: Parameter, descriptor: Any, *, check_read_only: bool) -> str | None:
    """Return why the descriptor refuses the value, None if it does not.

    Args:
        parameter: the new value.
        descriptor: rcl_interfaces/msg/ParameterDescriptor.
        check_read_only: False when the parameter is being declared.
    """
    if check_read_only and descriptor.read_only:
        return "Trying to set a read-only parameter: " + parameter.name
    if not descriptor.dynamic_typing and parameter.type_.value not in (descriptor.type, Parameter.Type.NOT_SET.value):
        wanted = Parameter.Type(descriptor.type).name
        return f"Wrong parameter type, expected '{wanted}' got '{parameter.type_.name}'"
    if parameter.type_ == Parameter.Type.INTEGER and descriptor.integer_range:
        return _outside_integers(parameter, descriptor.integer_range[0])
    if parameter.type_ == Parameter.Type.DOUBLE and descriptor.floating_point_range:
        return _outside_floats(parameter, descriptor.floating_point_range[0])
    return None


def result(reason: str | None) -> Any:
    """Return a rcl_interfaces/msg/SetParametersResult."""
    return message_class("rcl_interfaces/msg/SetParametersResult")(successful=reason is None, reason=reason or "")


def _outside_integers(parameter: Parameter, limits: Any) -> str | None:
    low, high = sorted((limits.from_value, limits.to_value))
    if parameter.value in (low, high):
        return None
    if not low < parameter.value < high:
        return f"Parameter {parameter.name} out of range. Min: {low}, Max: {high}, value: {parameter.value}"
    if limits.step and (parameter.value - limits.from_value) % limits.step:
        return f"The parameter value for {parameter.name} is not a valid step. Step: {limits.step}"
    return None


def _outside_floats(parameter: Parameter, limits: Any) -> str | None:
    value = parameter.value
    low, high = sorted((limits.from_value, limits.to_value))
    if any(math.isclose(value, bound, rel_tol=RELATIVE_TOLERANCE) for bound in (low, high)):
        return None
    if not low < value < high:
        return f"Parameter {parameter.name} out of range. Min: {low}, Max: {high}, value: {value}"
    if limits.step:
        steps = (value - limits.from_value) / limits.step
        if not math.isclose(steps, round(steps), rel_tol=RELATIVE_TOLERANCE, abs_tol=RELATIVE_TOLERANCE):
            return f"The parameter value for {parameter.name} is not a valid step. Step: {limits.step}"
    return None
