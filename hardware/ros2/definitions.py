"""Interface definitions: messages from rosbags' Jazzy type store, services from the texts in ``interfaces/``.

A definition is a list of fields and constants; the classes (``messages.py``), the CDR code
(``codec.py``) and the DDS types (``idl.py``) are all made from it, so that they cannot disagree.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

from rosbags.interfaces import Nodetype
from rosbags.typesys import Stores, get_types_from_msg, get_typestore
from rosbags.typesys.base import TypesysError
from rosbags.typesys.store import Typestore

from sim.errors import ConfigError

INTERFACES = Path(__file__).with_name("interfaces")
"""One text per package; a line ``=== srv/Name`` or ``=== msg/Name`` starts a definition."""

DEFAULTS: dict[str, dict[str, Any]] = {
    "geometry_msgs/msg/Quaternion": {"w": 1.0},
    "sensor_msgs/msg/NavSatStatus": {"status": -2},
    "type_description_interfaces/srv/GetTypeDescription_Request": {"include_type_sources": True},
}
"""Field defaults other than zero, which rosbags drops. Source: the .msg and .srv files of
common_interfaces and rcl_interfaces, branch jazzy, searched for lines with a default value."""

PLACEHOLDER = "structure_needs_at_least_one_member"
"""The member (uint8) that rosidl gives to an empty struct, because IDL has none."""


_IDL_NAMES = {"float64": "double", "float32": "float", "bool": "boolean", "byte": "octet", "char": "uint8"}
"""Names that rosidl writes in ``get_fields_and_field_types``."""


class Shape(Enum):
    """How many values a field holds."""

    SCALAR = 1
    ARRAY = 2
    SEQUENCE = 3


@dataclass(frozen=True)
class Field:
    """One member of a message.

    Attributes:
        name: as in the definition.
        type: ``float64``, ``string``, ... or the full name of a message.
        shape: scalar, array of ``length`` or sequence of at most ``length`` (0 = unbounded).
        length: see ``shape``.
        string_bound: longest string, characters; 0 = unbounded.
        default: value if not zero, else None.
    """

    name: str
    type: str
    shape: Shape = Shape.SCALAR
    length: int = 0
    string_bound: int = 0
    default: Any = None

    @property
    def is_message(self) -> bool:
        """Whether the field is a message itself."""
        return "/" in self.type

    @property
    def type_text(self) -> str:
        """The type as it is written in a definition, e.g. ``sequence<float64, 3>`` as rosidl writes it."""
        base = _IDL_NAMES.get(self.type, self.type.replace("/msg/", "/").replace("/srv/", "/"))
        if self.string_bound:
            base = f"{base}<{self.string_bound}>"
        if self.shape is Shape.ARRAY:
            return f"{base}[{self.length}]"
        if self.shape is Shape.SEQUENCE:
            return f"sequence<{base}, {self.length}>" if self.length else f"sequence<{base}>"
        return base


@dataclass(frozen=True)
class Definition:
    """A message: full name, fields in order, constants (name, type, value)."""

    name: str
    fields: tuple[Field, ...]
    constants: tuple[tuple[str, str, Any], ...]

    @property
    def package(self) -> str:
        """Package of the message."""
        return self.name.split("/")[0]


@cache
def typestore() -> Typestore:
    """The Jazzy type store with the services and the messages of ``interfaces/`` added."""
    store = get_typestore(Stores.ROS2_JAZZY)
    for file in sorted(INTERFACES.glob("*.txt")):
        for name, text in _sections(file):
            store.register(_parse(file.stem, name, text))
    for service in _service_names():
        store.register(_event_type(service))
    return store


def definition(name: str) -> Definition:
    """Return the definition of ``package/msg/Name`` (or ``package/srv/Name_Request``).

    Raises:
        ConfigError: for a name that is not known.
    """
    return _definition(full_name(name))


def full_name(name: str) -> str:
    """Return ``package/msg/Name`` for ``package/Name`` and check that it is known.

    Raises:
        ConfigError: for a name that is not known.
    """
    parts = name.split("/")
    if len(parts) == 2:
        parts.insert(1, "msg")
    full = "/".join(parts)
    if full not in typestore().fielddefs:
        raise ConfigError(
            f"unknown ROS message type '{name}': rosbags' Jazzy types and hardware/ros2/interfaces hold none"
        )
    return full


def packages() -> frozenset[str]:
    """Names of all packages that have messages or services."""
    return frozenset(name.split("/")[0] for name in typestore().fielddefs)


def names_in(package: str, kind: str) -> list[str]:
    """Names of the messages (``kind`` "msg") or services ("srv") of a package, sorted."""
    if kind == "srv":
        return sorted(name.split("/")[2] for name in _service_names() if name.startswith(f"{package}/"))
    prefix = f"{package}/{kind}/"
    return sorted(name.removeprefix(prefix) for name in typestore().fielddefs if name.startswith(prefix))


def is_service(name: str) -> bool:
    """Whether ``package/srv/Name`` is a known service."""
    return name in _service_names()


@cache
def type_hash(name: str) -> str:
    """Return ``RIHS01_<sha256>`` of a message or of a service's ``_Request``, ``_Response`` or ``_Event``.

    Source: REP-2016 (type description hash), computed by rosbags.
    """
    return _hash_store().hash_rihs01(full_name(name))


@cache
def service_hash(name: str) -> str:
    """Return ``RIHS01_<sha256>`` of a service: a struct of its request, response and event (REP-2016)."""
    store = _hash_store()
    members: list[Any] = [
        (f"{part.lower()}_message", (Nodetype.NAME, f"{name}_{part}")) for part in ("Request", "Response", "Event")
    ]
    store.fielddefs[name] = ([], members)
    return store.hash_rihs01(name)


@cache
def _hash_store() -> Typestore:
    """The types with ``char`` as uint8, as rosidl's IDL has it; rosbags would hash them as characters."""
    store = Typestore()
    store.fielddefs.update(
        {name: (c, [_no_char(f) for f in fields]) for name, (c, fields) in typestore().fielddefs.items()}
    )
    return store


def _no_char(field: tuple[str, Any]) -> tuple[str, Any]:
    name, (kind, content) = field
    if content == ("char", 0):
        content = ("uint8", 0)
    elif isinstance(content, tuple) and content[0] == (Nodetype.BASE, ("char", 0)):
        content = ((Nodetype.BASE, ("uint8", 0)), content[1])
    return name, (kind, content)


@cache
def _definition(name: str) -> Definition:
    constants, fields = typestore().fielddefs[name]
    defaults = DEFAULTS.get(name, {})
    return Definition(name, tuple(_field(n, d, defaults.get(n)) for n, d in fields), tuple(constants))


def _field(name: str, description: Any, default: Any) -> Field:
    kind, content = description
    if kind == Nodetype.NAME:
        return Field(name, content, default=default)
    if kind == Nodetype.BASE:
        return Field(name, content[0], string_bound=content[1], default=default)
    (inner, element), length = content
    shape = Shape.ARRAY if kind == Nodetype.ARRAY else Shape.SEQUENCE
    if inner == Nodetype.NAME:
        return Field(name, element, shape, length, default=default)
    return Field(name, element[0], shape, length, string_bound=element[1], default=default)


@cache
def _service_names() -> frozenset[str]:
    return frozenset(
        f"{file.stem}/{name}"
        for file in INTERFACES.glob("*.txt")
        for name, _ in _sections(file)
        if name.startswith("srv/")
    )


@cache
def _sections(file: Path) -> list[tuple[str, str]]:
    """Split a file of ``interfaces/`` into (``srv/Name``, text)."""
    parts = re.split(r"^=== (\S+)\n", file.read_text(), flags=re.MULTILINE)
    return list(zip(parts[1::2], parts[2::2]))


def _parse(package: str, name: str, text: str) -> dict[str, Any]:
    kind, short = name.split("/")
    if kind == "msg":
        return get_types_from_msg(text, f"{package}/msg/{short}")
    request, _, response = f"\n{text}".partition("\n---")
    types: dict[str, Any] = {}
    for part, content in (("Request", request), ("Response", response)):
        # Parsed as a message of the package, so that names without a package mean its messages.
        parsed = get_types_from_msg(content.strip(), f"{package}/msg/{short}_{part}")
        types[f"{package}/srv/{short}_{part}"] = next(iter(parsed.values()))
    return types


def _event_type(service: str) -> dict[str, Any]:
    """The event message that rosidl adds to every service (REP-2012)."""
    fields = [
        ("info", (Nodetype.NAME, "service_msgs/msg/ServiceEventInfo")),
        ("request", (Nodetype.SEQUENCE, ((Nodetype.NAME, f"{service}_Request"), 1))),
        ("response", (Nodetype.SEQUENCE, ((Nodetype.NAME, f"{service}_Response"), 1))),
    ]
    return {f"{service}_Event": ([], fields)}


__all__ = [
    "Definition",
    "Field",
    "Shape",
    "TypesysError",
    "definition",
    "full_name",
    "names_in",
    "packages",
    "type_hash",
]
