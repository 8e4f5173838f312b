"""Steps of a policy on the emulated STM32F405, instruction by instruction, and what they cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from firmware_export.cycles.disassembly import Instruction, address_ranges, disassemble, reachable
from firmware_export.cycles.flash import FlashInterface, is_load
from firmware_export.cycles.timing import cycles
from firmware_export.hil.trace import TracedBoard, read_registers
from firmware_export.targets import load_target
from sim.errors import ToolchainError

ENTRY = "policy_step"


@dataclass(frozen=True)
class CycleEstimate:
    """One step.

    Attributes:
        instructions: executed.
        cycles: where memory answers at once.
        flash_cycles: to be added where code and weights lie in the STM32F405's flash at 168 MHz and its
            caches are cold when the step begins.
    """

    instructions: int
    cycles: int
    flash_cycles: int

    @property
    def cycles_from_flash(self) -> int:
        """Cycles with the waits for flash."""
        return self.cycles + self.flash_cycles


class StepCounter:
    """Adds up executed instructions, step by step.

    Attributes:
        steps: what each finished step cost.
    """

    def __init__(self, instructions: Mapping[int, Instruction], entry: str = ENTRY) -> None:
        """Prepare to count the calls of a function.

        Args:
            instructions: of the image, by address.
            entry: the function.

        Raises:
            ToolchainError: if the image has no such function or nothing calls it.
        """
        self.steps: list[CycleEstimate] = []
        self._instructions = instructions
        own = [address for address, one in instructions.items() if one.function == entry]
        self.returns = {a + one.size for a, one in instructions.items() if one.target == entry and a not in own}
        if not own or not self.returns:
            raise ToolchainError(f"the image has no call of {entry}: it is not one that sim2metal built")
        self._entry = min(own)
        self._begin()

    def _begin(self) -> None:
        self._count, self._cycles, self._flash = 0, 0, FlashInterface()
        self._previous: Instruction | None = None
        self._current: Instruction | None = None

    def record(self, address: int, dump: bytes) -> None:
        """Take the next executed instruction; ``dump`` holds the registers before it."""
        if self._current is None and address != self._entry:
            return
        if self._current is not None:
            taken = address != self._current.address + self._current.size
            self._cycles += cycles(self._current, taken=taken, after=self._previous)
        if address in self.returns:
            self.steps.append(CycleEstimate(self._count, self._cycles, self._flash.wait_cycles))
            self._begin()
            return
        self._previous, self._current = self._current, self._instructions[address]
        self._count += 1
        self._flash.fetch(self._current)
        if is_load(self._current):
            self._flash.load(self._current, read_registers(dump))


def estimate_cycles(
    image: Path | str, observation: np.ndarray, state: np.ndarray, reset: np.ndarray
) -> list[CycleEstimate]:
    """Run single steps on the emulated STM32F405 and estimate what each costs on the real one.

    Args:
        image: ELF file of target ``stm32f405``.
        observation: (N, observation_size) float32.
        state: (N, state_size) float32 before each step.
        reset: (N,).

    Raises:
        ToolchainError: if QEMU or objdump is missing, or the image is none of ours.
        LinkError: if the emulated board does not answer.
    """
    instructions = disassemble(image)
    counter = StepCounter(instructions)
    recorded = address_ranges(instructions.values(), reachable(instructions, ENTRY))
    recorded += [(address, address) for address in sorted(counter.returns)]
    with TracedBoard(load_target("stm32f405"), image, recorded, counter.record) as traced:
        for o, s, r in zip(observation, state, np.asarray(reset).reshape(-1)):
            traced.board.steps(o[None], s, np.array([r]))
    return counter.steps
