"""What the two generators of CDR code share: alignment known at generation time, lines, compiled structs."""

from __future__ import annotations

import struct
from typing import Any

MAX_ALIGNMENT = 8
"""Largest alignment in XCDR1, bytes."""


class Alignment:
    """What is known about the position: it is ``remainder`` modulo ``modulus``."""

    def __init__(self, modulus: int) -> None:
        self.modulus = modulus
        self.remainder = 0

    def forget(self) -> None:
        """Something of unknown length was passed."""
        self.modulus, self.remainder = 1, 0

    def aligned_to(self, size: int) -> None:
        """The position was rounded up to ``size`` at run time."""
        if size > self.modulus:
            self.modulus, self.remainder = size, 0

    def knows(self, size: int) -> bool:
        """Whether the padding to ``size`` is known at generation time."""
        return size <= self.modulus

    def step(self, size: int, alignment: int) -> int:
        """Pass one value; return the padding before it, bytes."""
        padding = -self.remainder % alignment
        self.remainder = (self.remainder + padding + size) % self.modulus
        return padding


class CodeWriter:
    """Collects the lines of one function and the objects they use.

    Args:
        alignment: modulus known where the message starts: 8 after the header, 1 inside a sequence.
        order: byte order, a prefix of ``struct``.
    """

    def __init__(self, alignment: int, order: str) -> None:
        self.lines: list[str] = []
        self.names: dict[str, Any] = {}
        self.alignment = Alignment(alignment)
        self.order = order
        self._format = ""
        self._run: list[str] = []
        self._counter = 0

    def fresh(self, prefix: str) -> str:
        """A new variable name."""
        self._counter += 1
        return f"{prefix}{self._counter}"

    def name(self, value: Any, prefix: str) -> str:
        """Make an object available to the function; return its name there."""
        name = self.fresh(prefix)
        self.names[name] = value
        return name

    def emit(self, *lines: str) -> None:
        """Append lines of the body."""
        self.lines += [f"    {line}" for line in lines]

    def value(self, item: str, code: str, size: int, alignment: int) -> None:
        """Add one fixed-size value (an expression or a variable) to the present run."""
        if not self.alignment.knows(alignment):
            self.flush()
            self.align(alignment)
        self._format += "x" * self.alignment.step(size, alignment) + code
        self._run.append(item)

    def flush(self) -> None:
        """Write out the present run."""
        if self._run:
            packer = struct.Struct(self.order + self._format)
            self.write_run(packer, self._run)
        self._format, self._run = "", []

    def align(self, size: int) -> None:
        """Round the position up at run time."""
        if size > 1:
            self.write_alignment(size)
        self.alignment.aligned_to(size)

    def write_run(self, packer: struct.Struct, run: list[str]) -> None:
        """Emit the transfer of a run of values."""
        raise NotImplementedError

    def write_alignment(self, size: int) -> None:
        """Emit the rounding of the position."""
        raise NotImplementedError

    def compile(self, name: str, arguments: str, result: str) -> Any:
        """Return the function made of the lines."""
        body = self.lines or ["    pass"]
        text = "\n".join([f"def {name}({arguments}):", *body, f"    return {result}"])
        scope = dict(self.names)
        exec(compile(text, f"<cdr {name}>", "exec"), scope)
        return scope[name]
