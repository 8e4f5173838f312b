"""Frozen dataclasses <-> JSON, strictly: unknown, missing and mistyped fields are errors.

Full precision: a float is written as the shortest text that reads back as the same float. A field that older files do
not have is declared with ``since_then(default)``: it is written only where it says something.
"""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from typing import Any, NoReturn

import numpy as np

from sim.errors import BundleError

_LATER = "written only if not the default"


def since_then(default: Any) -> Any:
    """Return a dataclass field that files without it stand for ``default``, and that is not written when it is."""
    return dataclasses.field(default=default, metadata={_LATER: True})


def render(document: dict[str, Any]) -> str:
    """Return the one text that stands for ``document``; a file must be exactly this text.

    Raises:
        BundleError: if a number is NaN or infinite, or a value is not JSON.
    """
    try:
        return json.dumps(document, indent=2, allow_nan=False) + "\n"
    except (TypeError, ValueError) as error:
        raise BundleError(f"this bundle cannot be written as JSON: {error}") from None


def parse(text: str) -> dict[str, Any]:
    """Return the object in ``text``.

    Raises:
        ValueError: if it is not JSON, not an object, or not the text ``render`` writes.
    """
    try:
        document = json.loads(text, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(document, dict):
        raise ValueError("not a JSON object")
    if json.dumps(document, indent=2, allow_nan=False) + "\n" != text:
        raise ValueError("its text was edited")
    return document


def to_json(value: Any) -> Any:
    """Turn dataclasses, tuples and numpy numbers into plain JSON values."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_json(getattr(value, f.name)) for f in dataclasses.fields(value) if _says_something(f, value)}
    if isinstance(value, dict):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(item) for item in value]
    if isinstance(value, np.generic):
        return value.item()
    return value


def from_json(kind: Any, value: Any, where: str) -> Any:
    """Rebuild a ``kind`` from parsed JSON.

    Args:
        kind: a type annotation: dataclass, tuple, dict, Literal, union or scalar type.
        value: the parsed JSON.
        where: what to call the value in an error.

    Raises:
        BundleError: naming the field and what was expected.
    """
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _dataclass_from_json(kind, value, where)
    origin = typing.get_origin(kind)
    arguments = typing.get_args(kind)
    if origin is tuple and isinstance(value, list):
        return _tuple_from_json(kind, arguments, value, where)
    if origin is dict and isinstance(value, dict):
        return {key: from_json(arguments[1], item, f"{where}.{key}") for key, item in value.items()}
    if origin is typing.Literal and value in arguments:
        return value
    if origin in (typing.Union, types.UnionType) and all(map(dataclasses.is_dataclass, arguments)):
        return _one_of_from_json(arguments, value, where)
    if origin in (typing.Union, types.UnionType) and (value is None or isinstance(value, arguments)):
        return value
    if kind is float and type(value) in (int, float):
        return float(value)
    if kind is Any or (kind in (int, str, bool) and type(value) is kind):
        return value
    return _mismatch(kind, value, where)


def _tuple_from_json(kind: Any, arguments: tuple[Any, ...], value: list[Any], where: str) -> tuple[Any, ...]:
    if arguments[-1] is Ellipsis:
        arguments = (arguments[0],) * len(value)
    if len(arguments) != len(value):
        _mismatch(kind, value, where)
    return tuple(
        from_json(item_kind, item, f"{where}[{i}]") for i, (item_kind, item) in enumerate(zip(arguments, value))
    )


def _dataclass_from_json(kind: type, value: Any, where: str) -> Any:
    if not isinstance(value, dict):
        raise BundleError(f"{where}: expected an object for {kind.__name__}")
    hints = typing.get_type_hints(kind)
    names = {f.name for f in dataclasses.fields(kind)}
    later = {f.name for f in dataclasses.fields(kind) if _LATER in f.metadata}
    wrong = sorted((set(value) ^ names) - (later - set(value)))
    if wrong:
        problem = "unknown" if wrong[0] in value else "missing"
        raise BundleError(f"{where}: {problem} field '{wrong[0]}' in {kind.__name__}")
    return kind(**{name: from_json(hints[name], value[name], f"{where}.{name}") for name in names & set(value)})


def _says_something(field: dataclasses.Field[Any], owner: Any) -> bool:
    return _LATER not in field.metadata or getattr(owner, field.name) != field.default


def _one_of_from_json(kinds: tuple[type, ...], value: Any, where: str) -> Any:
    """Rebuild the one of several dataclasses that shares the most fields with ``value``."""
    given = set(value) if isinstance(value, dict) else set()
    closest = max(kinds, key=lambda kind: len(given & {f.name for f in dataclasses.fields(kind)}))
    return _dataclass_from_json(closest, value, where)


def _mismatch(kind: Any, value: Any, where: str) -> NoReturn:
    raise BundleError(f"{where}: expected {getattr(kind, '__name__', kind)}, found {value!r}")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")
