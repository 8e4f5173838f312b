"""What declaring and listing parameters rests on: tuples, descriptors, prefixes."""

from __future__ import annotations

import copy
from typing import Any

from hardware.ros2.messages import message_class
from hardware.ros2.rclpy.exceptions import InvalidParameterException
from hardware.ros2.rclpy.parameter import PARAMETER_SEPARATOR_STRING, Parameter


def make_descriptor(**fields: Any) -> Any:
    """Return a rcl_interfaces/msg/ParameterDescriptor."""
    return message_class("rcl_interfaces/msg/ParameterDescriptor")(**fields)


def parameter_from(name: str, value: Any) -> Parameter:
    """Return the parameter of a value or of a rcl_interfaces/msg/ParameterValue."""
    if isinstance(value, message_class("rcl_interfaces/msg/ParameterValue")):
        message = message_class("rcl_interfaces/msg/Parameter")(name=name, value=value)
        return Parameter.from_parameter_msg(message)
    return Parameter(name, value=value)


def unpack_declaration(entry: tuple[Any, ...], index: int, namespace: str) -> tuple[str, Any, Any]:
    """Return name, value (or type) and descriptor of one tuple given to ``declare_parameters``."""
    if not 1 <= len(entry) <= 3:
        raise TypeError(f"Invalid parameter tuple length at index {index}: {entry}; expecting length between 1 and 3")
    name, value = entry[0], entry[1] if len(entry) > 1 else None
    if not isinstance(name, str):
        raise TypeError(f"First element {name} at index {index} in parameters list is not a str.")
    descriptor = entry[2] if len(entry) > 2 else make_descriptor(dynamic_typing=len(entry) == 1)
    if not isinstance(descriptor, message_class("rcl_interfaces/msg/ParameterDescriptor")):
        raise TypeError(f"Third element {descriptor} at index {index} in parameters list is not a ParameterDescriptor.")
    if not name:
        raise InvalidParameterException(name)
    return f"{namespace}.{name}" if namespace else name, value, copy.deepcopy(descriptor)


def is_listed(name: str, prefixes: list[str], depth: int) -> bool:
    """Whether ``list_parameters`` with these prefixes and depth shows a name."""
    levels = name.count(PARAMETER_SEPARATOR_STRING)
    if not prefixes:
        return depth == 0 or levels < depth
    for prefix in prefixes:
        inside = name == prefix or name.startswith(prefix + PARAMETER_SEPARATOR_STRING)
        if inside and (depth == 0 or levels - prefix.count(PARAMETER_SEPARATOR_STRING) <= depth):
            return True
    return False
