"""Exceptions of rclpy (rclpy.exceptions), each also one line a user can act on."""

# ruff: noqa: N818  (the names are rclpy's)
from __future__ import annotations

from typing import Any

from sim.errors import Sim2MetalError


class NotInitializedException(Sim2MetalError):
    """``rclpy.init()`` was not called, or ``rclpy.shutdown()`` was."""

    def __init__(self, *args: Any) -> None:
        super().__init__(": ".join(["rclpy.init() has not been called", *map(str, args)]))


class NoTypeSupportImportedException(Sim2MetalError):
    """A class that is no message type was given where one is needed."""


class InvalidHandle(Sim2MetalError):
    """An entity that was destroyed already."""


class RCLError(Sim2MetalError, RuntimeError):
    """The middleware refused."""


class NameValidationException(Sim2MetalError):
    """A name that breaks the naming rules."""

    def __init__(self, name_type: str, name: str, error_msg: str, invalid_index: int) -> None:
        super().__init__(f"Invalid {name_type}: {error_msg}: '{name}' (at character {invalid_index})")
        self.name_type, self.name, self.error_msg, self.invalid_index = name_type, name, error_msg, invalid_index


class InvalidNamespaceException(NameValidationException):
    """A namespace that breaks the naming rules."""

    def __init__(self, name: str, error_msg: str, invalid_index: int) -> None:
        super().__init__("namespace", name, error_msg, invalid_index)


class InvalidNodeNameException(NameValidationException):
    """A node name that breaks the naming rules."""

    def __init__(self, name: str, error_msg: str, invalid_index: int) -> None:
        super().__init__("node name", name, error_msg, invalid_index)


class InvalidTopicNameException(NameValidationException):
    """A topic name that breaks the naming rules."""

    def __init__(self, name: str, error_msg: str, invalid_index: int) -> None:
        super().__init__("topic name", name, error_msg, invalid_index)


class InvalidServiceNameException(NameValidationException):
    """A service name that breaks the naming rules."""

    def __init__(self, name: str, error_msg: str, invalid_index: int) -> None:
        super().__init__("service name", name, error_msg, invalid_index)


class ParameterException(Sim2MetalError):
    """Base of the errors about parameters."""

    def __init__(self, error_msg: str, parameters: Any, *args: Any) -> None:
        super().__init__(error_msg, *args)
        self._parameters = parameters

    def __str__(self) -> str:
        return f"{self.args[0]}: {self._parameters}"


class ParameterNotDeclaredException(ParameterException):
    """A parameter that was not declared."""

    def __init__(self, parameters: Any, *args: Any) -> None:
        super().__init__("Invalid access to undeclared parameter(s)", parameters, *args)


class ParameterAlreadyDeclaredException(ParameterException):
    """A parameter declared twice."""

    def __init__(self, parameters: Any, *args: Any) -> None:
        super().__init__("Parameter(s) already declared", parameters, *args)


class InvalidParameterException(ParameterException):
    """A parameter with a bad name."""

    def __init__(self, parameter: Any, *args: Any) -> None:
        super().__init__("Invalid parameter name", parameter, *args)


class InvalidParameterTypeException(ParameterException):
    """A value of another type than the parameter's."""

    def __init__(self, desired_parameter: Any, expected_type: str) -> None:
        super().__init__(
            f"Trying to set parameter '{desired_parameter.name}' to '{desired_parameter.value}' of type"
            f" '{desired_parameter.type_.name}', expecting type '{expected_type}'",
            desired_parameter.name,
        )


class InvalidParameterValueException(ParameterException):
    """A value that its range or a callback refused."""

    def __init__(self, parameter: Any, value: Any, reason: str) -> None:
        super().__init__(f"Invalid parameter value ({value}) for parameter. Reason: {reason}", parameter)


class ParameterImmutableException(ParameterException):
    """A read-only parameter."""

    def __init__(self, parameter: Any, *args: Any) -> None:
        super().__init__("Attempted to modify read-only parameter", parameter, *args)


class ParameterUninitializedException(ParameterException):
    """A parameter with a type and no value yet."""

    def __init__(self, parameter: Any, *args: Any) -> None:
        super().__init__("The parameter is not initialized", parameter, *args)


class ROSInterruptException(Sim2MetalError):
    """An operation was cut short by the shutdown of its context."""

    def __init__(self) -> None:
        super().__init__("rclpy.shutdown() has been called")


class TimerCancelledError(Sim2MetalError):
    """The timer was cancelled."""
