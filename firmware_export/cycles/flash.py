"""What the STM32F405's flash adds: a line that is not in its cache costs five wait states.

ST RM0090, "Embedded flash memory interface": at 168 MHz and 2.7 to 3.6 V a read of the 128-bit wide flash
takes five wait states; instructions have a cache of 64 lines of 128 bits and a prefetch of the next line,
data (constants among them) a cache of 8 lines and **no prefetch**. Lines are replaced least recently used.

Weights are read once per step and in order, so that every four floats cost one miss: there is nothing to
hit. The prefetch of instructions is not modelled; a step's loops fit the cache, so it matters little.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field

from firmware_export.cycles.disassembly import Instruction
from firmware_export.cycles.timing import words

LINE_BYTES = 16
INSTRUCTION_LINES = 64
DATA_LINES = 8
WAIT_STATES = 5
FLASH = range(0x0800_0000, 0x0810_0000)
"""Where flash is; QEMU's vectors and code lie there as on the chip."""

_OFFSET = re.compile(r"\[(\w+)(?:, #(-?\d+))?\]")
_INDEXED = re.compile(r"\[(\w+), (\w+)(?:, lsl #(\d+))?\]")
_BYTES = {"ldrb": 1, "ldrsb": 1, "ldrh": 2, "ldrsh": 2}


@dataclass
class Cache:
    """Lines of memory, the least recently used replaced.

    Attributes:
        lines: how many it holds.
        misses: reads of a line that was not in it.
    """

    lines: int
    misses: int = 0
    _held: OrderedDict[int, None] = field(default_factory=OrderedDict)

    def read(self, address: int, size: int) -> None:
        """Read ``size`` bytes."""
        for line in range(address // LINE_BYTES, (address + size - 1) // LINE_BYTES + 1):
            if line in self._held:
                self._held.move_to_end(line)
                continue
            self.misses += 1
            self._held[line] = None
            if len(self._held) > self.lines:
                self._held.popitem(last=False)


@dataclass
class FlashInterface:
    """Counts what instruction fetches and loads of a run miss."""

    instructions: Cache = field(default_factory=lambda: Cache(INSTRUCTION_LINES))
    data: Cache = field(default_factory=lambda: Cache(DATA_LINES))

    def fetch(self, instruction: Instruction) -> None:
        """Fetch an instruction."""
        self.instructions.read(instruction.address, instruction.size)

    def load(self, instruction: Instruction, registers: Mapping[str, int]) -> None:
        """Fetch the data of an instruction that loads, if they are in flash.

        Args:
            instruction: what is executed.
            registers: before it, by name (``r0`` to ``r15``).
        """
        place = loaded(instruction, registers)
        if place is not None and place[0] in FLASH:
            self.data.read(*place)

    @property
    def wait_cycles(self) -> int:
        """Cycles waited for flash so far."""
        return WAIT_STATES * (self.instructions.misses + self.data.misses)


def is_load(instruction: Instruction) -> bool:
    """Whether an instruction loads data from where a register points (the stack's own PUSH and POP apart)."""
    return instruction.mnemonic.startswith(("ldr", "ldm", "vldr", "vldm"))


def loaded(instruction: Instruction, registers: Mapping[str, int]) -> tuple[int, int] | None:
    """Return address and number of bytes that an instruction loads; ``None`` if it loads nothing.

    Args:
        instruction: any.
        registers: before it, by name; ``sp`` and the like by number.
    """
    name = instruction.mnemonic
    if name.startswith(("ldm", "vldm")):
        base = instruction.operands.split(",")[0].rstrip("!").strip()
        size = 4 * words(instruction)
        start = _value(base, instruction, registers)
        return (start - size if "db" in name else start), size
    if not is_load(instruction):
        return None
    size = _BYTES.get(name[:5], _BYTES.get(name[:4], 4 * words(instruction)))
    indexed = _INDEXED.search(instruction.operands)
    if indexed:
        shift = int(indexed[3] or 0)
        index = _value(indexed[2], instruction, registers) << shift
        return (_value(indexed[1], instruction, registers) + index) & 0xFFFFFFFF, size
    offset = _OFFSET.search(instruction.operands)
    if offset is None:
        return None
    return (_value(offset[1], instruction, registers) + int(offset[2] or 0)) & 0xFFFFFFFF, size


_NUMBERS = {"sp": "r13", "lr": "r14", "ip": "r12", "fp": "r11", "sl": "r10", "sb": "r9"}


def _value(register: str, instruction: Instruction, registers: Mapping[str, int]) -> int:
    if register == "pc":
        return (instruction.address + 4) & ~3
    return registers[_NUMBERS.get(register, register)]
