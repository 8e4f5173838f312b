"""What a field accepts and what it starts as; the same rules as rosidl's generated Python classes."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Sequence, Set
from typing import Any

import numpy as np

from hardware.ros2.definitions import Field, Shape
from hardware.ros2.errors import MessageError
from hardware.ros2.primitives import FLOAT32_MAX, NUMERIC, PRIMITIVES

Check = Callable[[Any], Any]
Classes = Callable[[str], type]


def check(field: Field, label: str, classes: Classes) -> Check:
    """Return a function that returns the value to store or raises ``MessageError``.

    Args:
        field: the field.
        label: how errors call it.
        classes: full name of a message -> its class.
    """
    scalar = _scalar_check(field, label, classes)
    if field.shape is Shape.SCALAR:
        return scalar
    length = _length_check(field, label)
    if field.type not in NUMERIC:
        return _list_check(scalar, length, label)
    return _array_check(field, scalar, length, label)


def default_code(field: Field, name: str, classes: Classes) -> tuple[str, dict[str, Any]]:
    """Return an expression of a fresh default value and the objects it uses, prefixed with ``name``."""
    if field.shape is Shape.SEQUENCE:
        if field.type in NUMERIC:
            return f"{name}('{PRIMITIVES[field.type].code}')", {name: array}
        return "[]", {}
    if field.is_message:
        cls = {name: classes(field.type)}
        return (f"{name}()" if field.shape is Shape.SCALAR else f"[{name}() for _ in range({field.length})]"), cls
    if field.shape is Shape.ARRAY and field.type in NUMERIC:
        return f"{name}({field.length}, '{PRIMITIVES[field.type].dtype}')", {name: np.zeros}
    zero: Any = "" if field.type == "string" else b"\0" if field.type == "byte" else PRIMITIVES[field.type].python(0)
    value = zero if field.default is None else field.default
    return (repr(value) if field.shape is Shape.SCALAR else f"[{value!r}] * {field.length}"), {}


def _scalar_check(field: Field, label: str, classes: Classes) -> Check:
    if field.is_message:
        return _instance_check(classes(field.type), label)
    if field.type == "string":
        return _string_check(field.string_bound, label)
    kind = PRIMITIVES[field.type]
    if kind.python is float:
        return _float_check(field.type, label)
    if kind.python is int:
        return _integer_check(field.type, label)
    if kind.python is bytes:
        return _byte_check(label)
    return _instance_check(bool, label)


def _refuse(label: str, expected: str, value: Any) -> MessageError:
    return MessageError(f"{label} needs {expected}, not {type(value).__name__} {_short(value)}")


def _short(value: Any) -> str:
    text = repr(value).splitlines()[0] if repr(value) else ""
    return text if len(text) <= 40 else text[:37] + "..."


def _instance_check(cls: type, label: str) -> Check:
    def checked(value: Any) -> Any:
        if not isinstance(value, cls):
            raise _refuse(label, f"a {cls.__name__}", value)
        return value

    return checked


def _string_check(bound: int, label: str) -> Check:
    def checked(value: Any) -> str:
        if not isinstance(value, str):
            raise _refuse(label, "a str", value)
        if bound and len(value) > bound:
            raise _refuse(label, f"at most {bound} characters", value)
        return value

    return checked


def _float_check(kind: str, label: str) -> Check:
    limit = FLOAT32_MAX if kind == "float32" else math.inf

    def checked(value: Any) -> float:
        if not isinstance(value, float):
            raise _refuse(label, "a float", value)
        if not -limit <= value <= limit and math.isfinite(value):
            raise _refuse(label, "a float32", value)
        return value

    return checked


def _integer_check(kind: str, label: str) -> Check:
    low, high = PRIMITIVES[kind].low, PRIMITIVES[kind].high

    def checked(value: Any) -> int:
        if not isinstance(value, int):
            raise _refuse(label, "an int", value)
        if not low <= value <= high:
            raise _refuse(label, f"an int in [{low}, {high}]", value)
        return value

    return checked


def _byte_check(label: str) -> Check:
    def checked(value: Any) -> bytes:
        if not isinstance(value, (bytes, bytearray)) or len(value) != 1:
            raise _refuse(label, "a bytes of length 1", value)
        return bytes(value)

    return checked


def _length_check(field: Field, label: str) -> Check:
    exact = field.shape is Shape.ARRAY

    def checked(value: Any) -> Any:
        if exact and len(value) != field.length:
            raise MessageError(f"{label} needs {field.length} items, not {len(value)}")
        if field.length and len(value) > field.length:
            raise MessageError(f"{label} holds at most {field.length} items, not {len(value)}")
        return value

    return checked


def _is_list(value: Any) -> bool:
    return isinstance(value, (Sequence, Set)) and not isinstance(value, str)


def _list_check(scalar: Check, length: Check, label: str) -> Check:
    def checked(value: Any) -> Any:
        if not _is_list(value):
            raise _refuse(label, "a list", value)
        length(value)
        for item in value:
            scalar(item)
        return value

    return checked


def _array_check(field: Field, scalar: Check, length: Check, label: str) -> Check:
    kind = PRIMITIVES[field.type]
    dtype = np.dtype(kind.dtype)
    numpy_array = field.shape is Shape.ARRAY

    def checked(value: Any) -> Any:
        if numpy_array and isinstance(value, np.ndarray):
            if value.dtype != dtype or value.ndim != 1:
                raise MessageError(f"{label} needs a flat NumPy array of {dtype}, not {value.dtype} {value.shape}")
            return length(value)
        if not numpy_array and isinstance(value, array):
            if value.typecode != kind.code:
                raise MessageError(f"{label} needs an array.array('{kind.code}'), not '{value.typecode}'")
            return length(value)
        if kind.code == "B" and isinstance(value, (bytes, bytearray)):
            return np.frombuffer(length(value), dtype).copy() if numpy_array else array("B", length(value))
        if not _is_list(value):
            raise _refuse(label, "a list", value)
        length(value)
        items = [scalar(item) for item in value]
        return np.array(items, dtype) if numpy_array else array(kind.code, items)

    return checked
