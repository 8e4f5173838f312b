"""The control loops of several robots in one thread, each step at its own deadline.

A thread per robot would spend its time waiting for the interpreter; one thread takes the loops in
turn, a fraction of a period apart.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hardware.control_loop import ControlLoop
from hardware.loop import PacedLoop
from hardware.operator_signals import OperatorSignals
from hardware.realtime import steady_interpreter


@dataclass(eq=False)
class Member:
    """One robot of a swarm and what became of it."""

    uri: str
    loop: ControlLoop[Any]
    error: str | None = None
    """An internal error that ended its loop."""

    @property
    def faulty(self) -> bool:
        """Whether its supervisor saw a fault or its loop broke."""
        return self.error is not None or bool(self.loop.record.faults)

    @property
    def rate_hz(self) -> float:
        """Steps per second of its loop."""
        return self.loop.record.timing.rate_hz


def fly_together(members: Sequence[Member], signals: OperatorSignals, land_all: bool = True) -> Member | None:
    """Run all loops to their end.

    Args:
        members: at least one; all on the same clock.
        signals: the operator's, shared by all loops; its stop is also how all are landed.
        land_all: whether a fault of one robot lands the others, or they go on.

    Returns:
        The robot whose fault came first, ``None`` without any.
    """
    swarm = _Swarm(members, signals, land_all)
    try:
        with steady_interpreter():
            swarm.run()
    finally:
        swarm.close()
    return swarm.first_fault


class _Swarm:
    """Who still flies, and the deadline of each."""

    def __init__(self, members: Sequence[Member], signals: OperatorSignals, land_all: bool) -> None:
        self.first_fault: Member | None = None
        self._signals, self._land_all = signals, land_all
        self._clock = members[0].loop.link.clock
        self._abandoned: list[threading.Thread] = []
        self._active: dict[Member, PacedLoop] = {}
        for number, member in enumerate(members):
            self._active[member] = member.loop.paced(member.loop.period_s * number / len(members))

    def run(self) -> None:
        while self._active:
            member = min(self._active, key=lambda one: self._active[one].deadline_ns)
            self._clock.sleep_until(self._active[member].deadline_ns)
            self._step(member)

    def close(self) -> None:
        """Whatever ended the run: who still flies is brought down, and every wait for that has ended."""
        for member in self._active:
            self._abandon(member)
        for thread in self._abandoned:
            thread.join()

    def _step(self, member: Member) -> None:
        paced = self._active[member]
        try:
            more = paced.run_once()
        except Exception as error:  # noqa: BLE001 (one robot's broken loop must not take the others down with it)
            member.error, more = f"internal error, {type(error).__name__}: {error}", False
            self._abandon(member)
        if member.faulty and self.first_fault is None:
            self.first_fault = member
            if self._land_all:
                self._signals.stop = True
        if not more:
            del self._active[member]
            member.loop.record.duration_s = paced.timing.span_s

    def _abandon(self, member: Member) -> None:
        thread = threading.Thread(target=member.loop.abandon, name="abandon", daemon=True)
        thread.start()
        self._abandoned.append(thread)
