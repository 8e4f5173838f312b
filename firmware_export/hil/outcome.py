"""What a campaign found, as figures, and what of it is out of bounds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from firmware_export.hil.campaign import Findings
from firmware_export.hil.emulator import NS_PER_INSTRUCTION_SHIFT
from firmware_export.hil.parity import WorstStep
from firmware_export.hil.protocol import DeviceInfo
from firmware_export.targets import Target


@dataclass(frozen=True)
class Outcome:
    """The figures of one campaign."""

    episodes: int
    left_out: int
    """Draws that could not hover and were replaced."""
    success: float
    """Share of episodes that meet the task's success criterion."""
    steps: int
    """Policy steps compared with onnxruntime."""
    max_abs_err: float
    """Largest action error, in the action's unit."""
    max_relative_err: float
    """Largest action error over its channel's range."""
    worst_episode: int
    worst_step: int
    requests: int
    repeated: int
    """Requests sent again, because their answer was lost or damaged."""
    latency_median_ms: float
    """From a request to its answer, on this computer's clock."""
    latency_p99_ms: float
    instructions_max: int | None
    """Most instructions in one step (an emulator that counts)."""
    cycles_max: int | None
    """Most processor cycles in one step (a real board)."""
    step_max_ms: float | None
    """What ``cycles_max`` take at the board's clock."""
    stack_bytes: int
    """Most stack that the board's program ever used, the server's included."""
    self_test_error: float
    periods: int
    """Control periods flown in real time; 0 in lock-step."""
    overruns: int
    host_slips: int
    longest_hold: int
    wall_s: float

    @property
    def late_share(self) -> float:
        """Share of control periods in which the last command was held."""
        return self.overruns / self.periods if self.periods else 0.0

    def to_json(self) -> dict[str, Any]:
        """Return the figures as ``hil.NAME``; a number against a NaN is ``None``, as JSON has no infinity."""
        return {f"hil.{key}": _finite(value) for key, value in vars(self).items()}


def outcome_of(
    findings: Findings,
    infos: Sequence[DeviceInfo],
    target: Target,
    *,
    self_test_error: float,
    repeated: int,
    counts_instructions: bool,
    wall_s: float,
) -> Outcome:
    """Reduce findings to figures.

    Args:
        findings: of at least one step.
        infos: what the boards said after the last step.
        target: what they are.
        self_test_error: largest of their golden self-tests.
        repeated: requests sent again.
        counts_instructions: the boards are emulators whose counters count them.
        wall_s: what the episodes took.
    """
    worst, clock, ticks = _worst(findings), findings.punctuality, findings.most_ticks
    hz = infos[0].counter_hz
    latency_ms = 1e3 * findings.latency_s
    return Outcome(
        episodes=findings.episodes,
        left_out=findings.left_out,
        success=float(findings.success.mean()),
        steps=findings.watch.steps,
        max_abs_err=findings.watch.absolute,
        max_relative_err=worst.relative,
        worst_episode=worst.episode,
        worst_step=worst.step,
        requests=len(latency_ms),
        repeated=repeated,
        latency_median_ms=float(np.median(latency_ms)),
        latency_p99_ms=float(np.quantile(latency_ms, 0.99)),
        instructions_max=_instructions(ticks, target) if counts_instructions and hz == 0 else None,
        cycles_max=ticks if hz else None,
        step_max_ms=1e3 * ticks / hz if hz and ticks is not None else None,
        stack_bytes=max(info.stack_used for info in infos),
        self_test_error=self_test_error,
        periods=clock.periods,
        overruns=clock.overruns,
        host_slips=clock.host_slips,
        longest_hold=clock.longest_hold,
        wall_s=wall_s,
    )


def complaint(outcome: Outcome, bound: float, late: float) -> str | None:
    """Return what is out of bounds, or ``None``."""
    if not outcome.max_relative_err <= bound:
        where = f"episode {outcome.worst_episode}, step {outcome.worst_step}"
        off = f"action off by {outcome.max_relative_err:.1e} of its range at {where}"
        return f"{off}, bound {bound:.0e}; do not fly it, export and flash it again"
    if outcome.late_share > late:
        return (
            f"{outcome.overruns} of {outcome.periods} control periods without an answer in time"
            f" ({outcome.late_share:.1%}), bound {late:.1%}; the board, its line or this computer is too slow"
        )
    return None


def _worst(findings: Findings) -> WorstStep:
    worst = findings.watch.worst
    assert worst is not None, "at least one step was compared"
    return worst


def _instructions(ticks: int | None, target: Target) -> int | None:
    """Convert the emulated counter's ticks: the machine's clock advances 2^shift ns per instruction."""
    if ticks is None or target.emulator is None:
        return None
    return round(ticks * 1e9 / (target.emulator.clock_hz * (1 << NS_PER_INSTRUCTION_SHIFT)))


def _finite(value: float | int | None) -> float | int | None:
    return None if value is None or not math.isfinite(value) else value
