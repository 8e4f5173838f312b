"""A pilot that aims beside the supervised set-point, as far as its correction says, while all goes as planned.

It stands behind the supervisor: the set-point it starts from is the supervisor's, what it aims at stays in the
supervisor's box, and what the policy answers is limited as ever. Any fault ends it for the rest of the flight.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from hardware.adaptation.correction import SetpointCorrection
from hardware.behaviour import Mode
from hardware.flying.behaviour import FlightBehaviour
from hardware.pilot import OnboardPilot, Pilot
from hardware.states import FlightState, RobotState
from hardware.supervisor import Supervisor


class AdaptingPilot:
    """A ``Pilot`` around another.

    Args:
        pilot: flies the bundle's policy.
        supervisor: of this flight; has been asked already when the pilot is.
        correction: what to aim beside.
        window_s: (begin, end): when the correction acts, from the end of the take-off on.
        tell: takes what happened, in words.
    """

    def __init__(
        self,
        pilot: Pilot,
        supervisor: Supervisor,
        correction: SetpointCorrection,
        window_s: tuple[float, float],
        tell: Callable[[str], None],
    ) -> None:
        self._pilot, self._supervisor, self._correction = pilot, supervisor, correction
        self._window_s, self._tell = window_s, tell
        self._running_since_s: float | None = None
        self._acting = False
        self._told = 0

    @property
    def failed(self) -> bool:
        """As of the pilot within."""
        return self._pilot.failed

    @property
    def observation(self) -> np.ndarray | None:
        """What the policy saw: itself as far beside its place as the set-point is moved."""
        return self._pilot.observation

    @property
    def action(self) -> np.ndarray | None:
        """As of the pilot within."""
        return self._pilot.action

    @property
    def reset(self) -> bool:
        """As of the pilot within."""
        return self._pilot.reset

    def command(self, reference: Sequence[float] | None, state: RobotState | None) -> Sequence[float] | None:
        """Return what the pilot within makes of the set-point aimed at."""
        offset_w = self._offset(reference, state)
        if reference is None or not isinstance(state, FlightState) or not offset_w.any():
            return self._pilot.command(reference, state)
        aim = self._kept_in_box((*(np.asarray(reference[:3]) + offset_w).tolist(), *reference[3:]))
        if isinstance(self._pilot, OnboardPilot):
            return self._pilot.command(aim, state)
        # A policy here is told that it is elsewhere, not that the set-point is: what is ahead of that stays true.
        place = tuple(p - (a - r) for p, a, r in zip(state.position_w, aim, reference))
        return self._pilot.command(reference, replace(state, position_w=place))

    def _offset(self, reference: Sequence[float] | None, state: RobotState | None) -> np.ndarray:
        """Ask the correction when it is its time; end its episode when it is not, for good when something happened."""
        correction, usable = self._correction, isinstance(state, FlightState) and state.finite
        offset_w = np.zeros(3)
        if self._supervisor.faults and not correction.given_up:
            correction.intervened(self._supervisor.faults[0].fault.value)
        elif self._due() and reference is not None and isinstance(state, FlightState) and usable:
            self._acting = True
            offset_w = correction.step(*(np.array(v[:3]) for v in (state.position_w, state.velocity_w, reference)))
        elif self._acting:
            self._acting = False
            correction.pause()
        for note in correction.notes[self._told :]:
            self._tell(note)
        self._told = len(correction.notes)
        return offset_w

    def _due(self) -> bool:
        if self._supervisor.mode is not Mode.RUNNING:
            return False
        if self._running_since_s is None:
            self._running_since_s = self._supervisor.now_s
        begin_s, end_s = self._window_s
        return begin_s <= self._supervisor.now_s - self._running_since_s <= end_s

    def _kept_in_box(self, aim: Sequence[float]) -> tuple[float, ...]:
        behaviour = self._supervisor.behaviour
        assert isinstance(behaviour, FlightBehaviour)
        assert behaviour.envelope is not None
        return behaviour.envelope.clip(aim)
