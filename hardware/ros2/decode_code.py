"""Generates ``read(data, offset) -> (message, offset)``: makes a message of received CDR, trusting no count in it."""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from hardware.ros2.code_writer import MAX_ALIGNMENT, CodeWriter
from hardware.ros2.definitions import Field, Shape, definition
from hardware.ros2.messages import message_class
from hardware.ros2.primitives import NUMERIC, PRIMITIVES

Read = Callable[[bytes, int], tuple[Any, int]]
_NATIVE = "<" if sys.byteorder == "little" else ">"


def decoder(name: str, order: str) -> Read:
    """Return ``read(data, offset)`` for a message that starts aligned to eight bytes.

    Args:
        name: full name of the type.
        order: "<" for little endian, ">" for big.
    """
    return _decoder(name, order, MAX_ALIGNMENT)


@cache
def _decoder(name: str, order: str, alignment: int) -> Read:
    code = _Decoder(alignment, order)
    made = code.message(name)
    code.flush()
    code.lines += code.assembly
    return code.compile("read", "d, o", f"{made}, o")


class _Decoder(CodeWriter):
    """Reads every value into a variable first; ``assembly`` holds the lines that make the objects of them."""

    def __init__(self, alignment: int, order: str) -> None:
        super().__init__(alignment, order)
        self.assembly: list[str] = []

    def write_run(self, packer: struct.Struct, run: list[str]) -> None:
        unpack = self.name(packer.unpack_from, "unpack")
        self.emit(f"{', '.join(run)}, = {unpack}(d, o)", f"o += {packer.size}")

    def write_alignment(self, size: int) -> None:
        self.emit(f"o += 4 - o & {size - 1}")

    def message(self, name: str) -> str:
        """Read a message; return the variable that will hold it."""
        values = [(field.name, self.field(field)) for field in definition(name).fields]
        cls = self.name(message_class(name), "C")
        made = self.fresh("m")
        self.assembly.append(f"    {made} = {cls}.__new__({cls})")
        self.assembly += [f"    {made}._{field} = {value}" for field, value in values]
        return made

    def field(self, field: Field) -> str:
        """Read a field; return an expression of its value."""
        if field.shape is Shape.ARRAY:
            return self.array(field)
        if field.shape is Shape.SEQUENCE:
            count = self.fresh("n")
            self.value(count, "I", 4, 4)
            self.flush()
            if field.length:
                self.emit(
                    f"if {count} > {field.length}: raise ValueError('{field.name} holds more than {field.length}')"
                )
            return self.sequence(field, count)
        if field.is_message:
            return self.message(field.type)
        if field.type == "string":
            return self.string(field)
        kind = PRIMITIVES[field.type]
        variable = self.fresh("v")
        self.value(variable, kind.code, kind.size, kind.size)
        return variable

    def string(self, field: Field) -> str:
        count, text = self.fresh("n"), self.fresh("t")
        self.value(count, "I", 4, 4)
        self.flush()
        self.emit(
            f"e = o + {count}",
            f"if {count} == 0 or e > len(d) or d[e - 1]: raise ValueError('{field.name} is no string')",
            f"{text} = str(d[o:e - 1], 'utf-8')",
            "o = e",
        )
        self.alignment.forget()
        return text

    def array(self, field: Field) -> str:
        if field.type not in NUMERIC and field.type not in ("bool", "byte"):
            self.flush()
            return self.elements(field, str(field.length))
        kind = PRIMITIVES[field.type]
        raw = self.fresh("r")
        self.value(raw, f"{field.length * kind.size}s", field.length * kind.size, kind.size)
        if field.type == "bool":
            return f"[x != 0 for x in {raw}]"
        if field.type == "byte":
            return f"[{raw}[i:i + 1] for i in range({field.length})]"
        make = self.name(np.frombuffer, "make")
        dtype = self.name(np.dtype(self.order + kind.dtype), "dtype")
        native = self.name(np.dtype(kind.dtype), "dtype")
        return f"{make}({raw}, {dtype}).astype({native})"

    def sequence(self, field: Field, count: str) -> str:
        if field.type not in NUMERIC:
            return self.elements(field, count)
        kind = PRIMITIVES[field.type]
        items = self.fresh("s")
        self.emit(f"{items} = {self.name(array, 'array')}('{kind.code}')", f"if {count}:")
        if kind.size > 4:
            self.emit(f"    o += 4 - o & {kind.size - 1}")
        self.emit(
            f"    e = o + {kind.size} * {count}",
            f"    if e > len(d): raise ValueError('{field.name} counts more than there is')",
            f"    {items}.frombytes(d[o:e])",
            "    o = e",
        )
        if self.order != _NATIVE and kind.size > 1:
            self.emit(f"    {items}.byteswap()")
        self.alignment.forget()
        return items

    def elements(self, field: Field, count: str) -> str:
        """Strings, messages, bools and bytes, one after the other; each takes at least one byte."""
        items = self.fresh("s")
        self.emit(f"if {count} > len(d) - o: raise ValueError('{field.name} counts more than there is')")
        if field.type in ("bool", "byte"):
            make = (
                "[x != 0 for x in d[o:o + {0}]]" if field.type == "bool" else "[d[i:i + 1] for i in range(o, o + {0})]"
            )
            self.emit(f"{items} = {make.format(count)}", f"o += {count}")
        else:
            read = _read_string(self.order) if field.type == "string" else _decoder(field.type, self.order, 1)
            reader = self.name(read, "read")
            self.emit(
                f"{items} = []",
                f"for _ in range({count}):",
                f"    x, o = {reader}(d, o)",
                f"    {items}.append(x)",
            )
        self.alignment.forget()
        return items


@cache
def _read_string(order: str) -> Read:
    code = _Decoder(1, order)
    text = code.string(Field("element", "string"))
    return code.compile("read", "d, o", f"{text}, o")
