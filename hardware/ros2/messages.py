"""Message classes that look like rclpy's generated ones: keywords, defaults, slots, checked assignment.

As in rclpy: arrays of numbers are NumPy arrays, sequences of numbers ``array.array``, other sequences
lists; a ``byte`` is a ``bytes`` of length one; a float field refuses an int.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from hardware.ros2.definitions import PLACEHOLDER, Definition, Field, definition
from hardware.ros2.errors import MessageError
from hardware.ros2.field_types import check, default_code

_CONSTANT = re.compile(r"[A-Z][A-Z0-9_]*")


class Message:
    """Base of all message classes; see the module for how they behave."""

    __slots__ = ()
    _fields_and_field_types: ClassVar[dict[str, str]] = {}
    _TYPE_NAME: ClassVar[str] = ""

    if TYPE_CHECKING:  # the generated classes have both; a type checker cannot see their fields

        def __init__(self, **kwargs: Any) -> None: ...
        def __getattr__(self, name: str) -> Any: ...

    @classmethod
    def get_fields_and_field_types(cls) -> dict[str, str]:
        """Names and types of the fields, as rosidl writes them."""
        return dict(cls._fields_and_field_types)

    def __eq__(self, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return False
        return all(_equal(getattr(self, name), getattr(other, name)) for name in self._fields_and_field_types)

    __hash__ = None  # type: ignore[assignment]  (messages are mutable)

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={getattr(self, name)!r}" for name in self._fields_and_field_types)
        return f"{self.__class__.__module__}.{self.__class__.__name__}({values})"

    def __reduce__(self) -> tuple[Any, ...]:
        # The classes live in modules made on demand: a pickle holds the type's name instead.
        return _rebuild, (self._TYPE_NAME, {name: getattr(self, name) for name in self._fields_and_field_types})


@cache
def message_class(name: str) -> type[Message]:
    """Return the class of ``package/msg/Name`` (or of a service's ``_Request``, ``_Response``, ``_Event``).

    Raises:
        ConfigError: for a name that is not known.
    """
    described = definition(name)
    package, kind, short = described.name.split("/")
    fields = [field for field in described.fields if field.name != PLACEHOLDER]
    namespace: dict[str, Any] = {
        "__slots__": tuple(f"_{field.name}" for field in described.fields),
        "__module__": f"{package}.{kind}",
        "__doc__": f"Message class '{short}' of package '{package}'.",
        "__init__": _initializer(described),
        "_fields_and_field_types": {field.name: field.type_text for field in fields},
        "_TYPE_NAME": described.name,
    }
    for constant, kind_of_constant, value in described.constants:
        if _CONSTANT.fullmatch(constant):
            namespace[constant] = bytes([value]) if kind_of_constant == "byte" else value
    cls = type(short, (Message,), namespace)
    for field in described.fields:
        setattr(cls, field.name, _property(cls, field))
    return cls


@cache
def service_class(name: str) -> type:
    """Return the class of ``package/srv/Name``, with ``Request``, ``Response`` and ``Event`` in it.

    Raises:
        ConfigError: for a name that is not known.
    """
    package, kind, short = name.split("/")
    parts = {part: message_class(f"{name}_{part}") for part in ("Request", "Response", "Event")}
    return type(short, (), {**parts, "__module__": f"{package}.{kind}", "_TYPE_NAME": name})


def _initializer(described: Definition) -> Callable[..., None]:
    """Generate ``__init__(self, **kwargs)``: given values pass the checks, the others are defaults."""
    scope: dict[str, Any] = {"MessageError": MessageError}
    lines = ["def __init__(self, **kwargs):"]
    for number, field in enumerate(described.fields):
        default, names = default_code(field, f"d{number}", message_class)
        scope |= names
        name = field.name
        lines += [
            f"    if {name!r} in kwargs: self.{name} = kwargs.pop({name!r})",
            f"    else: self._{name} = {default}",
        ]
    message = f"'{described.name} has no field ' + repr(next(iter(kwargs)))"
    lines.append(f"    if kwargs: raise MessageError({message})")
    exec(compile("\n".join(lines), f"<init {described.name}>", "exec"), scope)
    return scope["__init__"]


def _property(cls: type, field: Field) -> property:
    slot = cls.__dict__[f"_{field.name}"]
    checked = check(field, f"{cls.__module__}.{cls.__name__}.{field.name}", message_class)
    store = slot.__set__

    def assign(self: Any, value: Any) -> None:
        store(self, checked(value))

    return property(slot.__get__, assign)


def _equal(a: Any, b: Any) -> bool:
    equal = a == b
    return equal if isinstance(equal, bool) else bool(equal.all())


def _rebuild(name: str, values: dict[str, Any]) -> Message:
    return message_class(name)(**values)
