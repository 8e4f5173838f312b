"""Parameters (rclpy.parameter)."""

from __future__ import annotations

import array
from enum import Enum
from typing import Any

from hardware.ros2.messages import message_class
from hardware.ros2.parameter_values import parse_value

PARAMETER_SEPARATOR_STRING = "."
_FIELDS = (
    None,
    "bool_value",
    "integer_value",
    "double_value",
    "string_value",
    "byte_array_value",
    "bool_array_value",
    "integer_array_value",
    "double_array_value",
    "string_array_value",
)
"""Fields of rcl_interfaces/msg/ParameterValue by type number."""


class Parameter:
    """A named value with a type.

    Args:
        name: name.
        type_: type; None takes the value's.
        value: value.

    Raises:
        TypeError: for a type that is none.
        ValueError: if the value is not of the type.
    """

    class Type(Enum):
        """Types; the numbers are those of rcl_interfaces/msg/ParameterType."""

        NOT_SET = 0
        BOOL = 1
        INTEGER = 2
        DOUBLE = 3
        STRING = 4
        BYTE_ARRAY = 5
        BOOL_ARRAY = 6
        INTEGER_ARRAY = 7
        DOUBLE_ARRAY = 8
        STRING_ARRAY = 9

        @classmethod
        def from_parameter_value(cls, parameter_value: Any) -> Parameter.Type:
            """The type of a value.

            Raises:
                TypeError: for a value that no parameter can hold.
            """
            for kind in cls:
                if kind.check(parameter_value) and not (kind is cls.BYTE_ARRAY and parameter_value == []):
                    return kind
            raise TypeError(f"The given value {parameter_value!r} is not one of the allowed types.")

        def check(self, parameter_value: Any) -> bool:
            """Whether a value is of this type."""
            return _CHECKS[self](parameter_value)

    def __init__(self, name: str, type_: Parameter.Type | None = None, value: Any = None) -> None:
        if type_ is None:
            type_ = Parameter.Type.from_parameter_value(value)
        if not isinstance(type_, Parameter.Type):
            raise TypeError("type must be an instance of `Parameter.Type`")
        if not type_.check(value):
            raise ValueError(f"Type '{type_}' and value '{value}' do not agree")
        self._name, self._type_, self._value = name, type_, value

    @property
    def name(self) -> str:
        """The name."""
        return self._name

    @property
    def type_(self) -> Parameter.Type:
        """The type."""
        return self._type_

    @property
    def value(self) -> Any:
        """The value, None if not set."""
        return self._value

    @classmethod
    def from_parameter_msg(cls, param_msg: Any) -> Parameter:
        """Make one from a rcl_interfaces/msg/Parameter."""
        return cls(param_msg.name, Parameter.Type(param_msg.value.type), parameter_value_to_python(param_msg.value))

    def get_parameter_value(self) -> Any:
        """Return a rcl_interfaces/msg/ParameterValue."""
        message = message_class("rcl_interfaces/msg/ParameterValue")(type=self._type_.value)
        field = _FIELDS[self._type_.value]
        if field is not None:
            setattr(message, field, self._value)
        return message

    def to_parameter_msg(self) -> Any:
        """Return a rcl_interfaces/msg/Parameter."""
        return message_class("rcl_interfaces/msg/Parameter")(name=self._name, value=self.get_parameter_value())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Parameter):
            return NotImplemented
        return (self._name, self._type_, self._value) == (other._name, other._type_, other._value)

    def __hash__(self) -> int:
        return hash((self._name, self._type_))

    def __repr__(self) -> str:
        return f"Parameter({self._name!r}, {self._type_}, {self._value!r})"


def parameter_value_to_python(parameter_value: Any) -> Any:
    """Return the value in a rcl_interfaces/msg/ParameterValue.

    Raises:
        RuntimeError: for a type number that is none.
    """
    if parameter_value.type >= len(_FIELDS):
        raise RuntimeError(f"unexpected parameter type {parameter_value.type}")
    field = _FIELDS[parameter_value.type]
    value = None if field is None else getattr(parameter_value, field)
    return value.tolist() if isinstance(value, array.array) else value


def get_parameter_value(string_value: str) -> Any:
    """Return the rcl_interfaces/msg/ParameterValue that YAML text means."""
    return Parameter("value", value=parse_value(string_value, "value")).get_parameter_value()


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _sequence(kinds: tuple[type, ...], codes: str, item: Any) -> Any:
    def check(value: Any) -> bool:
        if isinstance(value, array.array):
            return value.typecode in codes
        return isinstance(value, kinds) and all(item(element) for element in value)

    return check


_LISTS = (list, tuple)
_CHECKS: dict[Parameter.Type, Any] = {
    Parameter.Type.NOT_SET: lambda value: value is None,
    Parameter.Type.BOOL: lambda value: isinstance(value, bool),
    Parameter.Type.INTEGER: _is_int,
    Parameter.Type.DOUBLE: lambda value: isinstance(value, float),
    Parameter.Type.STRING: lambda value: isinstance(value, str),
    Parameter.Type.BYTE_ARRAY: _sequence(_LISTS, "", lambda item: isinstance(item, bytes) and len(item) == 1),
    Parameter.Type.BOOL_ARRAY: _sequence(_LISTS, "", lambda item: isinstance(item, bool)),
    Parameter.Type.INTEGER_ARRAY: _sequence(_LISTS, "bBhHiIlLqQ", _is_int),
    Parameter.Type.DOUBLE_ARRAY: _sequence(_LISTS, "df", lambda item: isinstance(item, float)),
    Parameter.Type.STRING_ARRAY: _sequence(_LISTS, "", lambda item: isinstance(item, str)),
}
