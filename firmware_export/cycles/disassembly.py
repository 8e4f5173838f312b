"""The instructions of an image: what ``objdump`` lists, by address."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from firmware_export.toolchain import require_tool, run_tool

OBJDUMP = "arm-none-eabi-objdump"
_PACKAGES = ("binutils-arm-none-eabi",)

_SYMBOL = re.compile(r"^[0-9a-f]+ <([^>]+)>:$")
_LINE = re.compile(r"^\s*([0-9a-f]+):\t([0-9a-f ]+)\t([\w.]+)(?:\t(.*))?$")
_TARGET = re.compile(r"\b([0-9a-f]+) <([^>+]+)")


@dataclass(frozen=True)
class Instruction:
    """One instruction.

    Attributes:
        address: where it is.
        size: 2 or 4 bytes.
        mnemonic: without width suffix, e.g. ``vfma.f32``, ``bne``.
        operands: as ``objdump`` writes them, without comment.
        function: symbol it belongs to.
        target: function that a direct branch names, else "".
    """

    address: int
    size: int
    mnemonic: str
    operands: str
    function: str
    target: str = ""


def disassemble(image: Path | str) -> dict[int, Instruction]:
    """Return the instructions of an Arm image by address.

    Raises:
        ToolchainError: if ``objdump`` is missing or cannot read the image.
    """
    return parse_listing(run_tool([require_tool(OBJDUMP, _PACKAGES), "-d", image]))


def parse_listing(text: str) -> dict[int, Instruction]:
    """Read what ``objdump -d`` prints; data among the code (``.word``) is left out."""
    instructions: dict[int, Instruction] = {}
    function = ""
    for line in text.splitlines():
        symbol = _SYMBOL.match(line)
        if symbol:
            function = symbol[1]
            continue
        found = _LINE.match(line)
        if found is None or found[3].startswith("."):
            continue
        address, raw, mnemonic, rest = int(found[1], 16), found[2], found[3], found[4] or ""
        operands = re.split(r"\s+[@;]", rest)[0].strip()
        target = _TARGET.search(operands)
        instructions[address] = Instruction(
            address=address,
            size=len(raw.replace(" ", "")) // 2,
            mnemonic=re.sub(r"\.[nw]$", "", mnemonic),
            operands=operands,
            function=function,
            target=target[2] if target and mnemonic.startswith("b") else "",
        )
    return instructions


def reachable(instructions: Mapping[int, Instruction], function: str) -> set[str]:
    """Return ``function`` and every function that it or one of those may branch to."""
    edges: dict[str, set[str]] = {}
    for instruction in instructions.values():
        if instruction.target:
            edges.setdefault(instruction.function, set()).add(instruction.target)
    found, waiting = {function}, [function]
    while waiting:
        new = edges.get(waiting.pop(), set()) - found
        found |= new
        waiting += new
    return found


def address_ranges(instructions: Iterable[Instruction], functions: set[str]) -> list[tuple[int, int]]:
    """Return the first and last address of each of some functions."""
    ranges: dict[str, tuple[int, int]] = {}
    for one in instructions:
        if one.function in functions:
            low, high = ranges.get(one.function, (one.address, one.address))
            ranges[one.function] = (min(low, one.address), max(high, one.address))
    return sorted(ranges.values())
