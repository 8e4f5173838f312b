"""Estimated Cortex-M4 cycles of one policy step, from every instruction that QEMU executes.

QEMU counts instructions, not cycles. ``estimate`` records which instructions a step executes and with
which addresses, and adds up what Arm's manual says each costs (``timing``) and what the STM32F405's
flash adds (``flash``). It is an estimate: nothing here was measured on a chip.
"""

from firmware_export.cycles.estimate import CycleEstimate, estimate_cycles

__all__ = ["CycleEstimate", "estimate_cycles"]
