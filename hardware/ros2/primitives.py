"""The primitive types of ROS interfaces: size, struct code, NumPy and array codes, ranges.

Source: https://design.ros2.org/articles/legacy_interface_definition.html and the table in
https://docs.ros.org/en/jazzy/Concepts/Basic/About-Interfaces.html. ``char`` is an unsigned byte in ROS 2.
"""

from __future__ import annotations

from dataclasses import dataclass

FLOAT32_MAX = 3.402823466e38
"""Largest finite float32, the bound that rosidl's generated classes check."""


@dataclass(frozen=True)
class Primitive:
    """One fixed-size type.

    Attributes:
        size: bytes, which is also its alignment in XCDR1.
        code: character of ``struct`` and of ``array.array``.
        python: Python type of a scalar.
        low, high: range of an integer.
    """

    size: int
    code: str
    python: type
    low: int = 0
    high: int = 0

    @property
    def dtype(self) -> str:
        """NumPy type of an array, native byte order."""
        kind = {float: "f", bool: "b1"}.get(self.python, "u" if self.low == 0 else "i")
        return kind if kind == "b1" else f"{kind}{self.size}"


def _integer(size: int, code: str) -> Primitive:
    bits = 8 * size
    signed = code.islower()
    return Primitive(size, code, int, -(1 << bits - 1) if signed else 0, (1 << (bits - 1 if signed else bits)) - 1)


PRIMITIVES: dict[str, Primitive] = {
    "bool": Primitive(1, "?", bool),
    "byte": Primitive(1, "c", bytes),
    "char": _integer(1, "B"),
    "int8": _integer(1, "b"),
    "uint8": _integer(1, "B"),
    "int16": _integer(2, "h"),
    "uint16": _integer(2, "H"),
    "int32": _integer(4, "i"),
    "uint32": _integer(4, "I"),
    "int64": _integer(8, "q"),
    "uint64": _integer(8, "Q"),
    "float32": Primitive(4, "f", float),
    "float64": Primitive(8, "d", float),
}

NUMERIC = frozenset(name for name, kind in PRIMITIVES.items() if kind.python in (int, float))
"""Types whose arrays are NumPy arrays and whose sequences are ``array.array``, as in rclpy."""
