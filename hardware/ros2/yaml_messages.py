"""Messages as plain values and YAML: what the command line prints and reads."""

from __future__ import annotations

import array
import io
from typing import Any

import numpy as np
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from hardware.ros2.definitions import PLACEHOLDER, Field, Shape, definition
from hardware.ros2.errors import MessageError
from hardware.ros2.messages import Message, message_class
from hardware.ros2.primitives import PRIMITIVES
from sim.errors import ConfigError

MAX_DEPTH = 20
"""Deepest nesting of YAML that is read as a message."""


def to_plain(value: Any) -> Any:
    """Return a message (or a field's value) made of dictionaries, lists, numbers and texts."""
    if isinstance(value, Message):
        return {name: to_plain(getattr(value, name)) for name in value.get_fields_and_field_types()}
    if isinstance(value, (np.ndarray, array.array)):
        return value.tolist()
    if isinstance(value, bytes):
        return value[0]
    if isinstance(value, list):
        return [to_plain(item) for item in value]
    return value


def to_yaml(value: Any) -> str:
    """Return YAML of a plain value, as ``ros2 topic echo`` shows it."""
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[attr-defined]
    stream = io.StringIO()
    yaml.dump(value, stream)
    return stream.getvalue().removesuffix("...\n").rstrip("\n")


def from_yaml(text: str, type_name: str) -> Message:
    """Return the message that YAML text (``"{linear: {x: 1}}"``) means; fields left out keep their defaults.

    Raises:
        ConfigError: for text that is not YAML or does not fit the type.
    """
    try:
        values = YAML(typ="safe", pure=True).load(text)
    except (YAMLError, RecursionError) as error:
        raise ConfigError(f"'{text[:60]}' is not YAML: {' '.join(str(error).split())[:120]}") from error
    try:
        return from_plain({} if values is None else values, type_name)
    except MessageError as error:
        raise ConfigError(str(error)) from error


def from_plain(values: Any, type_name: str, depth: int = 0) -> Message:
    """Return the message that plain values mean.

    Raises:
        ConfigError, MessageError: if they do not fit the type.
    """
    if not isinstance(values, dict) or depth > MAX_DEPTH:
        raise ConfigError(f"{type_name} needs names and values, not {str(values)[:40]!r}")
    fields = {field.name: field for field in definition(type_name).fields if field.name != PLACEHOLDER}
    unknown = [str(name) for name in values if name not in fields]
    if unknown:
        raise ConfigError(f"{type_name} has no field '{unknown[0]}'; it has: {', '.join(fields) or 'none'}")
    given = {name: _field_value(fields[name], value, depth) for name, value in values.items()}
    return message_class(type_name)(**given)


def _field_value(field: Field, value: Any, depth: int) -> Any:
    if field.shape is Shape.SCALAR:
        return _scalar(field, value, depth)
    if not isinstance(value, list):
        raise ConfigError(f"field '{field.name}' needs a list, not {str(value)[:40]!r}")
    return [_scalar(field, item, depth) for item in value]


def _scalar(field: Field, value: Any, depth: int) -> Any:
    if field.is_message:
        return from_plain(value, field.type, depth + 1)
    if field.type == "string":
        return value
    kind = PRIMITIVES[field.type].python
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if kind is bytes and isinstance(value, int) and 0 <= value <= 255:
        return bytes([value])
    return value
