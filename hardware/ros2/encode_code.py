"""Generates ``write(message, buffer)``: appends a message's little-endian CDR to a bytearray."""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import cache
from typing import Any

from hardware.ros2.code_writer import MAX_ALIGNMENT, CodeWriter
from hardware.ros2.definitions import Field, Shape, definition
from hardware.ros2.primitives import NUMERIC, PRIMITIVES

Write = Callable[[Any, bytearray], None]


def encoder(name: str) -> Write:
    """Return ``write(message, buffer)`` for a message that starts aligned to eight bytes."""
    return _encoder(name, MAX_ALIGNMENT)


@cache
def _encoder(name: str, alignment: int) -> Write:
    code = _Encoder(alignment)
    code.message(name, "m")
    code.flush()
    return code.compile("write", "m, b", "None")


class _Encoder(CodeWriter):
    def __init__(self, alignment: int) -> None:
        super().__init__(alignment, "<")
        self.names["text"] = _text

    def write_run(self, packer: struct.Struct, run: list[str]) -> None:
        self.emit(f"b += {self.name(packer.pack, 'pack')}({', '.join(run)})")

    def write_alignment(self, size: int) -> None:
        self.emit(f"b += bytes(4 - len(b) & {size - 1})")

    def message(self, name: str, owner: str) -> None:
        for field in definition(name).fields:
            self.field(field, f"{owner}._{field.name}")

    def field(self, field: Field, path: str) -> None:
        if field.shape is Shape.SCALAR:
            self.scalar(field, path)
            return
        items = self.fresh("s")
        self.emit(f"{items} = {path}")
        if field.shape is Shape.SEQUENCE:
            self.value(f"len({items})", "I", 4, 4)
            self.sequence(field, items)
        else:
            self.array(field, items)

    def scalar(self, field: Field, path: str) -> None:
        if field.is_message:
            owner = self.fresh("m")
            self.emit(f"{owner} = {path}")
            self.message(field.type, owner)
        elif field.type == "string":
            self.string(path)
        else:
            kind = PRIMITIVES[field.type]
            self.value(path, kind.code, kind.size, kind.size)

    def string(self, path: str) -> None:
        text = self.fresh("t")
        self.emit(f"{text} = text({path})")
        self.value(f"len({text})", "I", 4, 4)
        self.flush()
        self.emit(f"b += {text}")
        self.alignment.forget()

    def array(self, field: Field, items: str) -> None:
        if field.type in NUMERIC:
            kind = PRIMITIVES[field.type]
            self.value(f"{items}.tobytes()", f"{field.length * kind.size}s", field.length * kind.size, kind.size)
        else:
            self.flush()
            self.emit(f"if len({items}) != {field.length}: raise ValueError('{field.name} needs {field.length} items')")
            self.elements(field, items)

    def sequence(self, field: Field, items: str) -> None:
        self.flush()
        if field.length:
            self.emit(
                f"if len({items}) > {field.length}: raise ValueError('{field.name} holds at most {field.length}')"
            )
        if field.type in NUMERIC:
            self.emit(f"if {items}:")
            if (size := PRIMITIVES[field.type].size) > 4:
                self.emit(f"    b += bytes(4 - len(b) & {size - 1})")
            self.emit(f"    b += {items}")
            self.alignment.forget()
        else:
            self.elements(field, items)

    def elements(self, field: Field, items: str) -> None:
        """Strings, messages, bools and bytes, one after the other."""
        if field.type == "bool":
            self.emit(f"b += bytes(map(bool, {items}))")
        elif field.type == "byte":
            self.emit(f"b += b''.join({items})")
        elif field.type == "string":
            write = self.name(_write_string, "write")
            self.emit(f"for e in {items}: {write}(e, b)")
        else:
            write = self.name(_encoder(field.type, 1), "write")
            self.emit(f"for e in {items}: {write}(e, b)")
        self.alignment.forget()


def _text(value: str) -> bytes:
    """UTF-8 with the terminating zero that CDR counts as part of the string."""
    data = value.encode()
    if 0 in data:
        raise ValueError("a string holds a zero character, which ends a string on the wire")
    return data + b"\0"


def _write_string(value: str, buffer: bytearray) -> None:
    data = _text(value)
    buffer += bytes(4 - len(buffer) & 3)
    buffer += len(data).to_bytes(4, "little")
    buffer += data
