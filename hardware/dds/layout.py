"""Where each byte of a message of fixed size is: in the C struct and on the wire.

Unitree computes its checksum over the C struct; DDS sends CDR, which aligns numbers but not structs.
Both follow from the message type, so a message is kept as its C struct and translated by an index
table: a hundred times faster than field by field, and a field can never be put in two orders.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
from cyclonedds.idl import IdlStruct
from cyclonedds.idl.types import array
from numpy.typing import NDArray

LENGTH_HEADER = -1
"""Marks a wire byte that is part of an XCDR2 length field."""
PADDING = -2
"""Marks a wire byte between fields."""


@dataclass(frozen=True)
class WireLayout:
    """One encoding of a message."""

    source: NDArray[np.intp]
    """(size,) index into the C struct, padded with one zero byte, that fills each wire byte."""
    position: NDArray[np.intp]
    """(m,) wire byte of each of the ``struct`` bytes below."""
    struct: NDArray[np.intp]
    """(m,) C struct bytes that carry data."""
    constant: NDArray[np.uint8]
    """(size,) what is added to the above: XCDR2 length fields, zero elsewhere."""

    @property
    def size(self) -> int:
        """Bytes on the wire, without the encapsulation header."""
        return len(self.source)


def struct_dtype(message: type[IdlStruct]) -> np.dtype:
    """Return the message as the C compiler lays it out (natural alignment, little-endian).

    Raises:
        TypeError: if it has fields without a fixed size.
    """
    hints = message.__annotations__
    return np.dtype([(name, *_field_dtype(hint)) for name, hint in hints.items()], align=True)


def wire_layout(dtype: np.dtype, version: int) -> WireLayout:
    """Return the layout of a struct in XCDR ``version`` 1 or 2 (final types)."""
    wire: list[int] = []
    lengths: dict[int, int] = {}
    _walk(dtype, 0, version, wire, lengths)
    cells = np.asarray(wire)
    position = np.flatnonzero(cells >= 0)
    source = np.where(cells >= 0, cells, dtype.itemsize)
    constant = np.zeros(len(cells), np.uint8)
    for start, length in lengths.items():
        constant[start : start + 4] = np.frombuffer(length.to_bytes(4, "little"), np.uint8)
    return WireLayout(source, position, cells[position], constant)


def _field_dtype(hint: Any) -> tuple[Any, ...]:
    """Return dtype and, for arrays, shape of one field."""
    if isinstance(hint, type) and issubclass(hint, IdlStruct):
        return (struct_dtype(hint),)
    kind = get_args(hint)[-1] if get_args(hint) else hint
    if isinstance(kind, array):
        return (*_field_dtype(kind.subtype), (kind.length,))
    try:
        return (np.dtype(kind).newbyteorder("<"),)
    except TypeError:
        raise TypeError(f"a field of type {hint} has no fixed size") from None


def _walk(dtype: np.dtype, start: int, version: int, wire: list[int], lengths: dict[int, int]) -> None:
    """Append the wire bytes of the value at struct offset ``start``."""
    if dtype.names is not None:
        fields: Any = dtype.fields
        for name in dtype.names:
            field, offset = fields[name][:2]
            _walk(field, start + offset, version, wire, lengths)
    elif dtype.subdtype is not None:
        base, shape = dtype.subdtype
        opened = None
        if version == 2 and base.fields is not None:
            _align(wire, 4)
            opened = len(wire)
            wire += [LENGTH_HEADER] * 4
        for index in range(shape[0]):
            _walk(base, start + index * base.itemsize, version, wire, lengths)
        if opened is not None:
            lengths[opened] = len(wire) - opened - 4
    else:
        _align(wire, min(dtype.itemsize, 4 if version == 2 else 8))
        wire += range(start, start + dtype.itemsize)


def _align(wire: list[int], size: int) -> None:
    wire += [PADDING] * (-len(wire) % size)
