"""What an instruction costs on a Cortex-M4 whose memory answers at once.

Numbers: Arm Cortex-M4 Processor Technical Reference Manual (100166), tables "Cortex-M4 instruction set
summary" and "FPU instruction set", with their notes. Where they leave a range:

* a taken branch costs 1 + P, P in 1 to 3: ``PIPELINE_REFILL`` is the middle;
* an integer division costs 2 to 12: the largest is taken;
* neighbouring single loads and stores overlap: the second costs 1 (said of integer ones; not used for VLDR and VSTR);
* a floating-point result that the very next instruction consumes costs 1 more, except as the addend of a
  multiply-accumulate, which is consumed one cycle later.
"""

from __future__ import annotations

import re
from functools import cache

from firmware_export.cycles.disassembly import Instruction

PIPELINE_REFILL = 2
"""P of the manual: 1 to 3 cycles, by the target's alignment and whether it was guessed early."""
DIVISION_CYCLES = 12
FLOAT_DIVISION_CYCLES = 14
"""VDIV.F32 and VSQRT.F32."""
MULTIPLY_ACCUMULATE_CYCLES = 3
"""VMLA, VMLS, VFMA, VFMS and their negated forms."""

_CONDITION = "(eq|ne|cs|hs|cc|lo|mi|pl|vs|vc|hi|ls|ge|lt|gt|le|al)?"
_SINGLE = re.compile(rf"^(ldr|str)(b|h|sb|sh|t|ex)?{_CONDITION}$")
_DOUBLE = re.compile(rf"^(ldrd|strd){_CONDITION}$")
_MULTIPLE = re.compile(rf"^(ldm|stm)(ia|db|fd|ea)?{_CONDITION}$|^(push|pop){_CONDITION}$")
_FLOAT_MULTIPLE = re.compile(r"^(vldm|vstm|vpush|vpop)")
_FLOAT_SINGLE = re.compile(rf"^(vldr|vstr){_CONDITION}(\.(32|64))?$")
_FLOAT_ACCUMULATE = re.compile(r"^v(fn?m[as]|n?ml[as])")
_FLOAT_DIVISION = re.compile(rf"^(vdiv|vsqrt){_CONDITION}\.")
_FLOAT_RESULT = re.compile(r"^v(add|sub|n?mul|n?ml[as]|fn?m[as]|div|sqrt|neg|abs|cvtr?|rint\w)")
_DIVISION = re.compile(rf"^[us]div{_CONDITION}$")
_BRANCH = re.compile(rf"^(b|bl|bx|blx){_CONDITION}$|^cbn?z$")
_TABLE_BRANCH = re.compile(r"^tb[bh]$")
_STATUS = re.compile(rf"^(mrs|msr){_CONDITION}$")
_RANGE = re.compile(r"\b([rsd])(\d+)(?:-\1(\d+))?\b")
_NAMED = {"sp": "r13", "lr": "r14", "pc": "r15", "ip": "r12", "fp": "r11", "sl": "r10", "sb": "r9"}


def cycles(instruction: Instruction, *, taken: bool, after: Instruction | None = None) -> int:
    """Return the cycles of one executed instruction.

    Args:
        instruction: what is executed.
        taken: the next instruction is not the one behind it.
        after: the instruction executed before it.
    """
    refill = PIPELINE_REFILL if taken else 0
    stall = 1 if after is not None and consumes_result(after, instruction) else 0
    return _alone(instruction, overlapped=after is not None and is_single_access(after)) + refill + stall


def _alone(instruction: Instruction, *, overlapped: bool) -> int:
    name = instruction.mnemonic
    if is_single_access(instruction):
        return 1 if overlapped else 2
    if _DOUBLE.match(name):
        return 3
    if _MULTIPLE.match(name) or _FLOAT_MULTIPLE.match(name):
        return 1 + words(instruction)
    if _FLOAT_SINGLE.match(name):
        return 1 + words(instruction)
    if _FLOAT_ACCUMULATE.match(name):
        return MULTIPLY_ACCUMULATE_CYCLES
    if _FLOAT_DIVISION.match(name):
        return FLOAT_DIVISION_CYCLES
    if _DIVISION.match(name):
        return DIVISION_CYCLES
    if _TABLE_BRANCH.match(name) or _STATUS.match(name):
        return 2
    if name.startswith("vmov") and len(registers(instruction.operands)) > 2:
        return 2
    return 1


def is_single_access(instruction: Instruction) -> bool:
    """Whether this is a load or store of one integer register."""
    return bool(_SINGLE.match(instruction.mnemonic))


def is_branch(instruction: Instruction) -> bool:
    """Whether this is a branch, and nothing else."""
    return bool(_BRANCH.match(instruction.mnemonic) or _TABLE_BRANCH.match(instruction.mnemonic))


def words(instruction: Instruction) -> int:
    """Return how many 32-bit words a load or store moves."""
    if _DOUBLE.match(instruction.mnemonic):
        return 2
    listed = re.search(r"\{(.*)\}", instruction.operands)
    names = registers(listed[1] if listed else instruction.operands.split(",")[0])
    return sum(2 if name.startswith("d") else 1 for name in names)


def consumes_result(before: Instruction, instruction: Instruction) -> bool:
    """Whether ``instruction`` needs the floating-point result of the one right before it a cycle too early."""
    if not _FLOAT_RESULT.match(before.mnemonic):
        return False
    result = registers(before.operands.split(",")[0])
    return bool(set(result) & set(_early_operands(instruction)))


def _early_operands(instruction: Instruction) -> list[str]:
    """Return the floating-point registers that an instruction reads as soon as it starts."""
    name, operands = instruction.mnemonic, instruction.operands
    stores = _FLOAT_SINGLE.match(name) or _FLOAT_MULTIPLE.match(name)
    if not name.startswith("v") or (stores and name.startswith(("vldr", "vldm", "vpop"))):
        return []
    if stores or name.startswith("vcmp"):
        return registers(operands)
    return registers(operands.partition(",")[2])


@cache
def _registers(text: str) -> tuple[str, ...]:
    for name, number in _NAMED.items():
        text = re.sub(rf"\b{name}\b", number, text)
    found = []
    for kind, first, last in _RANGE.findall(text):
        found += [f"{kind}{n}" for n in range(int(first), int(last or first) + 1)]
    return tuple(found)


def registers(text: str) -> list[str]:
    """Return the registers named in operands, ranges written out: ``s0-s2`` is s0, s1 and s2."""
    return list(_registers(text))
