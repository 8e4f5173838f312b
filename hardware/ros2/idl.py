"""DDS types: cyclonedds ``IdlStruct`` classes made from the definitions, for topics.

They give Cyclone DDS the type's name and layout, against which its C code checks every sample it
sends or receives. The samples themselves are written and read by ``codec.py``.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from cyclonedds.idl import IdlStruct, make_idl_struct, types

from hardware.ros2.definitions import Field, Shape, definition
from hardware.ros2.wire import type_name

_PRIMITIVES: dict[str, Any] = {
    "bool": bool,
    "byte": types.uint8,
    "char": types.uint8,
    "float32": types.float32,
    "float64": types.float64,
    **{f"{sign}int{bits}": getattr(types, f"{sign}int{bits}") for sign in ("", "u") for bits in (8, 16, 32, 64)},
}


@cache
def idl_type(name: str) -> type[IdlStruct]:
    """Return the DDS type of ``package/msg/Name``.

    Raises:
        ConfigError: for a name that is not known.
    """
    described = definition(name)
    fields = {field.name: _field_type(field) for field in described.fields}
    return make_idl_struct(f"{name.rpartition('/')[2]}_", type_name(name), fields)


@cache
def service_idl_type(name: str) -> type[IdlStruct]:
    """Return the DDS type of a service's ``_Request`` or ``_Response``: the message behind its header."""
    header = make_idl_struct("cdds_request_header", "cdds_request_header", {"guid": types.uint64, "seq": types.int64})
    fields = {field.name: _field_type(field) for field in definition(name).fields}
    body = make_idl_struct(f"{name.rpartition('/')[2]}_body", f"{type_name(name)}body", fields)
    return make_idl_struct(f"{name.rpartition('/')[2]}_", type_name(name), {"header": header, "data": body})


def _field_type(field: Field) -> Any:
    if field.is_message:
        element: Any = idl_type(field.type)
    elif field.type == "string":
        element = types.bounded_str[field.string_bound] if field.string_bound else str
    else:
        element = _PRIMITIVES[field.type]
    if field.shape is Shape.ARRAY:
        return types.array[element, field.length]
    if field.shape is Shape.SEQUENCE:
        return types.sequence[element, field.length] if field.length else types.sequence[element]
    return element
