"""Constant arrays in C: weights interleaved for the dense kernel, shared where equal."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

_PER_LINE = 6


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

    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    comments: dict[str, str] = field(default_factory=dict)
    _by_content: dict[tuple[str, bytes], str] = field(default_factory=dict)

    def add(self, stem: str, array: np.ndarray, comment: str = "") -> str:
        """Store ``array`` (float32, bool or integer) flat and return its C name."""
        flat = np.ascontiguousarray(array).ravel()
        key = (flat.dtype.kind, flat.tobytes())
        if key not in self._by_content:
            name = f"{stem}_{sum(other.startswith(stem) for other in self.arrays)}"
            self.arrays[name] = flat
            self.comments[name] = comment
            self._by_content[key] = name
        return self._by_content[key]

    def text(self) -> str:
        """Return the definitions."""
        return "\n".join(define(name, array, self.comments[name]) for name, array in self.arrays.items())


def define(name: str, array: np.ndarray, comment: str = "", qualifiers: str = "static const") -> str:
    """Return the C definition of one constant array, formatted as clang-format would not be able to."""
    if array.dtype.kind in "iu":
        kind = "uint16_t" if int(array.max()) < 1 << 16 else "uint32_t"
        items = [f"{int(value)}U" for value in array]
    else:
        kind = "float"
        items = [literal(value) for value in array.astype(np.float32)]
    lines = [", ".join(items[i : i + _PER_LINE]) for i in range(0, len(items), _PER_LINE)]
    body = ",\n    ".join(lines)
    prefix = f"/* {comment} */\n" if comment else ""
    return f"{prefix}{qualifiers} {kind} {name}[{len(items)}] = {{\n    {body}}};\n"
