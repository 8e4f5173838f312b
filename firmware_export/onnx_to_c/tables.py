"""Constant arrays in C: weights interleaved for the dense kernel, shared where equal."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

_PER_LINE = 6
_SIZES = {"float": 4, "int8_t": 1, "int16_t": 2, "int32_t": 4, "uint16_t": 2, "uint32_t": 4}
"""Bytes of each C type."""
INDEX_STEM = "position"
"""Tables of this stem say where numbers lie: they belong to the code and are not learned."""


def literal(value: float) -> str:
    """Return the shortest C literal that is exactly this float32."""
    number = np.float32(value)
    if np.isnan(number):
        return "NAN"
    if np.isinf(number):
        return "INFINITY" if number > 0 else "-INFINITY"
    text = str(number)
    return f"{text}f" if "." in text or "e" in text else f"{text}.0f"


def interleave(weight: np.ndarray, bias: np.ndarray, width: int) -> np.ndarray:
    """Return weights in the order the dense kernel reads them.

    Per block of ``width`` outputs: their biases, then for each input its ``width`` weights.

    Args:
        weight: (inputs, outputs), ``outputs`` a multiple of ``width``.
        bias: (outputs,).
        width: outputs per block.
    """
    inputs, outputs = weight.shape
    rows = np.concatenate([bias[None, :], weight]).reshape(inputs + 1, outputs // width, width)
    return np.ascontiguousarray(rows.transpose(1, 0, 2)).ravel()


@dataclass
class Tables:
    """The constant arrays of one C file; equal ones are stored once."""

    share: bool = True
    """Store equal arrays once; weights that may be replaced must not be: others may differ."""
    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    comments: dict[str, str] = field(default_factory=dict)
    _by_content: dict[tuple[str, bytes], str] = field(default_factory=dict)

    def add(self, stem: str, array: np.ndarray, comment: str = "") -> str:
        """Store ``array`` (float32, bool or integer) flat and return its C name."""
        flat = np.ascontiguousarray(array).ravel()
        key = (flat.dtype.kind, flat.tobytes())
        if key in self._by_content and (self.share or stem == INDEX_STEM):
            return self._by_content[key]
        name = f"{stem}_{sum(other.startswith(stem) for other in self.arrays)}"
        self.arrays[name] = flat
        self.comments[name] = comment
        self._by_content[key] = name
        return name

    @property
    def learned(self) -> dict[str, np.ndarray]:
        """The arrays that another training of the same network would fill with other numbers."""
        return {name: array for name, array in self.arrays.items() if not name.startswith(INDEX_STEM)}

    @property
    def size_bytes(self) -> int:
        """Flash that the arrays take."""
        return sum(len(array) * _SIZES[c_type(array)] for array in self.arrays.values())

    def text(self) -> str:
        """Return the definitions."""
        return "\n".join(define(name, array, self.comments[name]) for name, array in self.arrays.items())

    def index_text(self) -> str:
        """Return the definitions of the arrays that are not learned."""
        names = [name for name in self.arrays if name.startswith(INDEX_STEM)]
        return "\n".join(define(name, self.arrays[name], self.comments[name]) for name in names)


def c_type(array: np.ndarray) -> str:
    """Return the C type of an array's elements: signed integers of up to 32 bits and floats keep theirs.

    Positions (int64) and unsigned integers are stored as 16 bits if they fit.
    """
    if array.dtype in (np.int8, np.int16, np.int32):
        return f"{array.dtype.name}_t"
    if array.dtype.kind in "iu":
        return "uint16_t" if int(array.max()) < 1 << 16 else "uint32_t"
    return "float"


def elements(array: np.ndarray) -> str:
    """Return an array's elements as C literals, between braces and formatted in lines."""
    kind = c_type(array)
    if kind == "float":
        items = [literal(value) for value in array.astype(np.float32)]
    else:
        items = [f"{int(value)}{'U' if kind.startswith('u') else ''}" for value in array]
    lines = [", ".join(items[i : i + _PER_LINE]) for i in range(0, len(items), _PER_LINE)]
    return "{\n    " + ",\n    ".join(lines) + "}"


def define(name: str, array: np.ndarray, comment: str = "", qualifiers: str = "static const") -> str:
    """Return the C definition of one constant array, formatted as clang-format would not be able to."""
    prefix = f"/* {comment} */\n" if comment else ""
    return f"{prefix}{qualifiers} {c_type(array)} {name}[{len(array)}] = {elements(array)};\n"
