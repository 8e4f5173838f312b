"""Flights whose policies step on one board, all together; their state stays there."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field

import numpy as np

from firmware_export.hil.board import Board
from firmware_export.hil.policy import TICKS_OVERFLOW

FLIGHT_TIMEOUT_S = 1.5
"""Longest wait for one answer in flight, after which the request is repeated; even a large policy on a slow
processor takes a third of it."""


@dataclass
class LinkRecord:
    """What the link and the processor took."""

    latency_s: list[float] = field(default_factory=list)
    """From sending a request to its answer, repetitions included."""
    most_ticks: int | None = None
    """Of the board's counter in one step; ``None`` once a step was longer than it counts."""
    steps: int = 0
    overflow: bool = False

    def add(self, latency_s: float, ticks: int, steps: int) -> None:
        """Take in one answer."""
        self.latency_s.append(latency_s)
        self.steps += steps
        self.overflow |= ticks == TICKS_OVERFLOW
        self.most_ticks = None if self.overflow else max(self.most_ticks or 0, ticks)


def draw_session() -> int:
    """Return a number that no earlier flight on the board had: 1 to 2^32 - 1."""
    return 1 + secrets.randbelow((1 << 32) - 1)


class Flights:
    """``count`` flights in the first slots of a board, in lock-step.

    Attributes:
        record: latency and ticks of all steps so far.
    """

    def __init__(self, board: Board, count: int, record: LinkRecord) -> None:
        self.record = record
        self._board, self._count = board, count
        self._session, self._number = draw_session(), 0

    def step(self, observation: np.ndarray) -> np.ndarray:
        """Make one step of every flight; the first one builds the state.

        Args:
            observation: (count, observation_size) float32.

        Returns:
            action (count, action_size) float32.

        Raises:
            LinkError: if the board is lost, does not answer or lost its place.
        """
        size = self._board.info.flights_per_frame()
        actions = [self._step_some(first, observation[first : first + size]) for first in range(0, self._count, size)]
        self._number += 1
        return np.concatenate(actions)

    def _step_some(self, first_slot: int, observation: np.ndarray) -> np.ndarray:
        request = self._board.send_flights(self._session, self._number, first_slot, observation)
        payload = self._board.answer_to(request, FLIGHT_TIMEOUT_S)
        latency_s = time.monotonic() - request.sent_s
        action, ticks = self._board.read_flights(payload, len(observation))
        self.record.add(latency_s, ticks, len(observation))
        return action
