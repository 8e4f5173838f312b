"""Stack frames and calls of a linked image, read from its disassembly: of libraries that came compiled.

A frame is the sum of all instructions that lower the stack pointer, so it is no smaller than what any way
through the function uses.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from firmware_export.toolchain import require_tool, run_tool

_FUNCTION = re.compile(r"^[0-9a-f]+ <([^>]+)>:$")
_PUSHED = re.compile(r"\t(?:v?push(?:\.w)?\t|v?stmdb(?:\.w)?\tsp!, )\{([^}]*)\}")
_LOWERED = re.compile(r"\t(?:subs?(?:\.w)?|subw)\tsp, (?:sp, )?#(\d+)|\[sp, #-(\d+)\]!|\taddi?\tsp,sp,-(\d+)")
_BRANCH = re.compile(r"\t(?:b[a-z]*(?:\.[nw])?|j|jal|call|tail)\t.*<([^>+]+)>$")


@dataclass(frozen=True)
class Functions:
    """What a disassembly says of each function by name.

    Attributes:
        frames: bytes by which it lowers the stack pointer.
        calls: functions that it calls or jumps to.
    """

    frames: dict[str, int]
    calls: dict[str, set[str]]


def disassemble(image: Path, size_tool: str, packages: tuple[str, ...]) -> Functions:
    """Read the functions of an image for Arm or RISC-V.

    Args:
        image: linked with its libraries.
        size_tool: the toolchain's ``size``, whose ``objdump`` has the same prefix.
        packages: Debian packages that bring it.

    Raises:
        ToolchainError: if the tool is missing or fails.
    """
    tool = require_tool(size_tool.removesuffix("size") + "objdump", packages)
    return parse(run_tool([tool, "--disassemble", "--no-show-raw-insn", image]))


def parse(text: str) -> Functions:
    """Read what ``objdump`` prints."""
    frames: dict[str, int] = {}
    calls: dict[str, set[str]] = {}
    name = ""
    for line in text.splitlines():
        if function := _FUNCTION.match(line):
            name = function[1]
            frames[name], calls[name] = 0, set()
        elif name and "\t" in line:
            frames[name] += _lowered(line)
            branch = _BRANCH.search(line)
            if branch and branch[1] != name:
                calls[name].add(branch[1])
    return Functions(frames, calls)


def _lowered(line: str) -> int:
    """Return by how many bytes an instruction lowers the stack pointer."""
    if pushed := _PUSHED.search(line):
        return sum(_registers(part.strip()) for part in pushed[1].split(","))
    if lowered := _LOWERED.search(line):
        return int(next(number for number in lowered.groups() if number))
    return 0


def _registers(part: str) -> int:
    """Return the bytes of one register or of a range such as ``d8-d15``."""
    first, _, last = part.partition("-")
    count = int(last[1:]) - int(first[1:]) + 1 if last else 1
    return count * (8 if first.startswith("d") else 4)
