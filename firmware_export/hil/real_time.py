"""A flight at the control rate: the world does not wait for the board, and late answers are overruns.

In a period without an answer the last command is held, as a robot's supervisor would; when the
answer comes it is compared and dropped, and the next period begins afresh. Too many periods in a row end the flight.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from firmware_export.hil.board import ATTEMPTS, Board, Request
from firmware_export.hil.flights import LinkRecord, draw_session
from policies.bundle import BundleInfo
from sim.errors import LinkError


@dataclass
class Punctuality:
    """How the clock was kept, over all flights."""

    periods: int = 0
    overruns: int = 0
    """Periods in which the board's answer came too late, and the last command was held."""
    host_slips: int = 0
    """Periods that this computer itself began too late; its clock was then set anew."""
    longest_hold: int = 0
    """Most overruns in a row."""


@dataclass
class _Asked:
    """A request that was not answered yet."""

    request: Request
    observation: np.ndarray
    repeats: int = 0


class RealTimeFlight:
    """One flight in a board's first slot."""

    def __init__(
        self,
        board: Board,
        info: BundleInfo,
        record: LinkRecord,
        punctuality: Punctuality,
        compare: Callable[[np.ndarray, np.ndarray], None],
    ) -> None:
        """Begin a flight; the clock starts with the first step.

        Args:
            board: that holds the policy.
            info: the bundle's; gives the rate, the first command to hold and how long at most.
            record: gets latency and ticks.
            punctuality: gets the overruns.
            compare: is given every observation that the board got, (1, o), with its answer, (1, k).
        """
        self._board, self._record, self._punctuality, self._compare = board, record, punctuality, compare
        self._period_s = info.timing.control_period_s
        self._most_held = max(1, math.floor(info.limits.link_silence_s / self._period_s))
        self._held_action = np.array([info.action.nominal], np.float32)
        self._session, self._number = draw_session(), 0
        self._asked: _Asked | None = None
        self._begin_s = math.nan
        self._held = 0

    def step(self, observation: np.ndarray) -> np.ndarray:
        """Wait for the period to begin, ask the board, and return its answer or the command held.

        Args:
            observation: (1, observation_size) float32.

        Returns:
            action (1, action_size) float32.

        Raises:
            LinkError: if the board is lost, or silent for longer than the bundle's link silence.
        """
        deadline_s = self._next_deadline()
        self._punctuality.periods += 1
        if self._asked is not None:
            # Asking again in what is left of this period would mostly be late, too, and so on.
            if self._collect(deadline_s - 0.5 * self._period_s) is None:
                self._repeat(self._asked)  # perhaps it never arrived
                self._collect(deadline_s)
        else:
            request = self._board.send_flights(self._session, self._number, 0, observation)
            self._number += 1
            self._asked = _Asked(request, observation.copy())
            action = self._collect(deadline_s)
            if action is not None:
                self._held, self._held_action = 0, action
                return action
        self._hold()
        return self._held_action

    def _next_deadline(self) -> float:
        """Sleep until the period begins and return its end, from absolute times."""
        now_s = time.monotonic()
        self._begin_s = now_s if math.isnan(self._begin_s) else self._begin_s + self._period_s
        if now_s > self._begin_s + self._period_s:
            self._punctuality.host_slips += 1
            self._begin_s = now_s
        time.sleep(max(0.0, self._begin_s - now_s))
        return self._begin_s + self._period_s

    def _collect(self, deadline_s: float) -> np.ndarray | None:
        """Wait for the outstanding answer and compare it; ``None`` if it does not come by then."""
        asked = self._asked
        assert asked is not None
        payload = None
        while payload is None and (left_s := deadline_s - time.monotonic()) > 0.0:
            payload = self._board.wait(asked.request, left_s)
            if payload is None and time.monotonic() < deadline_s:  # something came, and it was damaged
                self._repeat(asked)
        if payload is None:
            return None
        self._asked = None
        action, ticks = self._board.read_flights(payload, 1)
        self._record.add(time.monotonic() - asked.request.sent_s, ticks, 1)
        self._compare(asked.observation, action)
        return action

    def _repeat(self, asked: _Asked) -> None:
        """Ask again, a few times at most."""
        if asked.repeats < ATTEMPTS:
            asked.repeats += 1
            self._board.repeat(asked.request)

    def _hold(self) -> None:
        """Count a period in which the last command is held.

        Raises:
            LinkError: if there were too many in a row.
        """
        self._held += 1
        self._punctuality.overruns += 1
        self._punctuality.longest_hold = max(self._punctuality.longest_hold, self._held)
        if self._held > self._most_held:
            raise LinkError(
                f"the board on {self._board.port}: no answer in time for {self._held} control periods of"
                f" {1e3 * self._period_s:g} ms; it, its line or this computer is too slow, or it stopped (without"
                " --real-time the simulation waits for it)"
            )
