"""The parameters of a node, a part of ``Node``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from hardware.ros2.messages import message_class
from hardware.ros2.rclpy.exceptions import (
    InvalidParameterTypeException,
    InvalidParameterValueException,
    ParameterAlreadyDeclaredException,
    ParameterImmutableException,
    ParameterNotDeclaredException,
    ParameterUninitializedException,
)
from hardware.ros2.rclpy.parameter import PARAMETER_SEPARATOR_STRING, Parameter
from hardware.ros2.rclpy.parameter_checks import refusal, result
from hardware.ros2.rclpy.parameter_declaration import is_listed, make_descriptor, parameter_from, unpack_declaration

PreCallback = Callable[[list[Parameter]], list[Parameter]]
SetCallback = Callable[[list[Parameter]], Any]
PostCallback = Callable[[list[Parameter]], None]


class ParametersMixin:
    """Declares, reads and sets parameters."""

    _parameter_event_publisher: Any

    def _init_parameters(self, overrides: dict[str, Parameter], allow_undeclared: bool) -> None:
        self._parameters: dict[str, Parameter] = {}
        self._descriptors: dict[str, Any] = {}
        self._parameter_overrides = overrides
        self._allow_undeclared_parameters = allow_undeclared
        self._pre_set_parameters_callbacks: list[PreCallback] = []
        self._on_set_parameters_callbacks: list[SetCallback] = []
        self._post_set_parameters_callbacks: list[PostCallback] = []

    def declare_parameter(
        self, name: str, value: Any = None, descriptor: Any = None, ignore_override: bool = False
    ) -> Parameter:
        """Declare a parameter; an override from the command line or a file replaces ``value``.

        Args:
            name: name.
            value: default, or a ``Parameter.Type`` for a parameter without one.
            descriptor: rcl_interfaces/msg/ParameterDescriptor with ranges and the like.
            ignore_override: take ``value`` in any case.

        Returns:
            The parameter as it is now.

        Raises:
            ParameterAlreadyDeclaredException, InvalidParameterException, InvalidParameterTypeException,
            InvalidParameterValueException: see their texts.
        """
        if descriptor is None:
            descriptor = make_descriptor(dynamic_typing=value is None)
        return self.declare_parameters("", [(name, value, descriptor)], ignore_override)[0]

    def declare_parameters(
        self, namespace: str, parameters: Sequence[tuple[Any, ...]], ignore_override: bool = False
    ) -> list[Parameter]:
        """Declare several: tuples of name, value or type, descriptor; see ``declare_parameter``."""
        declared = []
        for index, entry in enumerate(parameters):
            name, value, descriptor = unpack_declaration(entry, index, namespace)
            if name in self._parameters:
                raise ParameterAlreadyDeclaredException([name])
            parameter = self._declared_value(name, value, descriptor, ignore_override)
            declared.append((parameter, descriptor))
        for parameter, descriptor in declared:
            self._declare(parameter, descriptor)
        return [self._parameters[parameter.name] for parameter, _ in declared]

    def undeclare_parameter(self, name: str) -> None:
        """Forget a parameter."""
        if name not in self._parameters:
            raise ParameterNotDeclaredException(name)
        if self._descriptors[name].read_only:
            raise ParameterImmutableException(name)
        del self._parameters[name], self._descriptors[name]

    def has_parameter(self, name: str) -> bool:
        """Whether it is declared."""
        return name in self._parameters

    def get_parameter(self, name: str) -> Parameter:
        """Return a parameter."""
        parameter = self._parameters.get(name)
        if parameter is None:
            if self._allow_undeclared_parameters:
                return Parameter(name, Parameter.Type.NOT_SET, None)
            raise ParameterNotDeclaredException(name)
        if parameter.type_ == Parameter.Type.NOT_SET and not self._descriptors[name].dynamic_typing:
            raise ParameterUninitializedException(name)
        return parameter

    def get_parameters(self, names: list[str]) -> list[Parameter]:
        """Return several parameters."""
        if not all(isinstance(name, str) for name in names):
            raise TypeError("All names must be instances of type str")
        return [self.get_parameter(name) for name in names]

    def get_parameter_or(self, name: str, alternative_value: Parameter | None = None) -> Parameter:
        """Return a parameter, or ``alternative_value`` if it has no value."""
        parameter = self._parameters.get(name)
        if parameter is None or parameter.type_ == Parameter.Type.NOT_SET:
            return alternative_value or Parameter(name, Parameter.Type.NOT_SET)
        return parameter

    def get_parameters_by_prefix(self, prefix: str) -> dict[str, Parameter]:
        """Return the parameters ``prefix.*`` by the rest of their names."""
        start = prefix + PARAMETER_SEPARATOR_STRING if prefix else ""
        return {name.removeprefix(start): value for name, value in self._parameters.items() if name.startswith(start)}

    def get_parameter_type(self, name: str) -> Parameter.Type:
        """Return a parameter's type."""
        if name in self._parameters:
            return self._parameters[name].type_
        if self._allow_undeclared_parameters:
            return Parameter.Type.NOT_SET
        raise ParameterNotDeclaredException(name)

    def get_parameter_types(self, names: list[str]) -> list[Parameter.Type]:
        """Return several parameters' types."""
        return [self.get_parameter_type(name) for name in names]

    def set_parameters(self, parameter_list: list[Parameter]) -> list[Any]:
        """Set parameters one by one; return a SetParametersResult for each."""
        return [self.set_parameters_atomically([parameter]) for parameter in parameter_list]

    def set_parameters_atomically(self, parameter_list: list[Parameter]) -> Any:
        """Set all parameters or none; return one SetParametersResult.

        Raises:
            ParameterNotDeclaredException: for an undeclared one, unless the node allows them.
        """
        undeclared = [parameter.name for parameter in parameter_list if parameter.name not in self._parameters]
        if undeclared and not self._allow_undeclared_parameters:
            raise ParameterNotDeclaredException(undeclared)
        for callback in self._pre_set_parameters_callbacks:
            parameter_list = callback(list(parameter_list))
            if not parameter_list:
                return result("parameter list cannot be empty, this might be due to pre_set_parameters_callback")
        for name in undeclared:
            self._descriptors.setdefault(name, make_descriptor(name=name, dynamic_typing=True))
        return self._set(parameter_list, self._descriptors, check_read_only=True)

    def describe_parameter(self, name: str) -> Any:
        """Return a parameter's descriptor."""
        if name in self._descriptors:
            return self._descriptors[name]
        if self._allow_undeclared_parameters:
            return make_descriptor(name=name)
        raise ParameterNotDeclaredException(name)

    def describe_parameters(self, names: list[str]) -> list[Any]:
        """Return several parameters' descriptors."""
        return [self.describe_parameter(name) for name in names]

    def set_descriptor(self, name: str, descriptor: Any, alternative_value: Any = None) -> Any:
        """Give a parameter another descriptor (and the value in ``alternative_value``); return the value's message."""
        current = self.get_parameter(name)
        if self.describe_parameter(name).read_only:
            raise ParameterImmutableException(name)
        value = current if alternative_value is None else parameter_from(name, alternative_value)
        descriptor.name, descriptor.type = name, value.type_.value
        outcome = self._set([value], {name: descriptor}, check_read_only=False)
        if not outcome.successful:
            raise InvalidParameterValueException(name, value.value, outcome.reason)
        self._descriptors[name] = descriptor
        return value.get_parameter_value()

    def list_parameters(self, prefixes: list[str], depth: int) -> Any:
        """Return a ListParametersResult with the names under ``prefixes``, ``depth`` levels deep (0: all)."""
        listed = message_class("rcl_interfaces/msg/ListParametersResult")()
        for name in self._parameters:
            if is_listed(name, prefixes, depth):
                listed.names.append(name)
                parent = name.rpartition(PARAMETER_SEPARATOR_STRING)[0]
                if parent and parent not in listed.prefixes:
                    listed.prefixes.append(parent)
        return listed

    def add_pre_set_parameters_callback(self, callback: PreCallback) -> None:
        """Have ``callback`` change the list before parameters are set."""
        self._pre_set_parameters_callbacks.insert(0, callback)

    def add_on_set_parameters_callback(self, callback: SetCallback) -> None:
        """Have ``callback`` accept or refuse new values."""
        self._on_set_parameters_callbacks.insert(0, callback)

    def add_post_set_parameters_callback(self, callback: PostCallback) -> None:
        """Call ``callback`` after parameters were set."""
        self._post_set_parameters_callbacks.insert(0, callback)

    def remove_pre_set_parameters_callback(self, callback: PreCallback) -> None:
        """Undo ``add_pre_set_parameters_callback``."""
        self._pre_set_parameters_callbacks.remove(callback)

    def remove_on_set_parameters_callback(self, callback: SetCallback) -> None:
        """Undo ``add_on_set_parameters_callback``."""
        self._on_set_parameters_callbacks.remove(callback)

    def remove_post_set_parameters_callback(self, callback: PostCallback) -> None:
        """Undo ``add_post_set_parameters_callback``."""
        self._post_set_parameters_callbacks.remove(callback)

    def _declared_value(self, name: str, value: Any, descriptor: Any, ignore_override: bool) -> Parameter:
        """The value a declared parameter starts with; sets the descriptor's type."""
        descriptor.name = name
        default = Parameter(name)
        if isinstance(value, Parameter.Type):
            if value == Parameter.Type.NOT_SET:
                raise ValueError(f"Cannot declare parameter {{{name}}} as statically typed of type NOT_SET")
            if descriptor.dynamic_typing:
                raise ValueError(f"Parameter {{{name}}}: a type and dynamic_typing exclude each other")
            descriptor.type = value.value
        else:
            default = parameter_from(name, value)
            if not descriptor.dynamic_typing:
                if default.type_ == Parameter.Type.NOT_SET:
                    raise ValueError(f"Cannot declare a statically typed parameter {{{name}}} without value or type")
                descriptor.type = default.type_.value
        override = self._parameter_overrides.get(name)
        return default if override is None or ignore_override else override

    def _declare(self, parameter: Parameter, descriptor: Any) -> None:
        outcome = self._set([parameter], {parameter.name: descriptor}, check_read_only=False)
        if outcome.successful:
            self._descriptors[parameter.name] = descriptor
        elif outcome.reason.startswith("Wrong parameter type"):
            raise InvalidParameterTypeException(parameter, Parameter.Type(descriptor.type).name)
        else:
            raise InvalidParameterValueException(parameter.name, parameter.value, outcome.reason)

    def _set(self, parameters: list[Parameter], descriptors: dict[str, Any], *, check_read_only: bool) -> Any:
        for parameter in parameters:
            reason = refusal(parameter, descriptors[parameter.name], check_read_only=check_read_only)
            if reason is not None:
                return result(reason)
        for callback in self._on_set_parameters_callbacks:
            outcome = callback(parameters)
            if not outcome.successful:
                return outcome
        event = message_class("rcl_interfaces/msg/ParameterEvent")()
        for parameter in parameters:
            self._store(parameter, descriptors[parameter.name], event)
        self._publish_parameter_event(event)
        for callback in self._post_set_parameters_callbacks:
            callback(parameters)
        return result(None)

    def _store(self, parameter: Parameter, descriptor: Any, event: Any) -> None:
        known = self._parameters.get(parameter.name)
        if parameter.type_ == Parameter.Type.NOT_SET and known is not None:
            event.deleted_parameters.append(parameter.to_parameter_msg())
            del self._parameters[parameter.name]
            self._descriptors.pop(parameter.name, None)
            return
        target = event.new_parameters if known is None else event.changed_parameters
        if parameter.type_ != Parameter.Type.NOT_SET:
            target.append(parameter.to_parameter_msg())
            if descriptor.dynamic_typing:
                descriptor.type = parameter.type_.value
        self._parameters[parameter.name] = parameter

    def _publish_parameter_event(self, event: Any) -> None:
        event.node = self.get_fully_qualified_name()  # type: ignore[attr-defined]
        event.stamp = self.get_clock().now().to_msg()  # type: ignore[attr-defined]
        self._parameter_event_publisher.publish(event)
