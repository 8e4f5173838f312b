"""One board, or several emulated ones that share the flights: a policy for the evaluator, in lock-step."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from firmware_export.hil.board import Board
from firmware_export.hil.flights import Flights, LinkRecord

MOST_EMULATORS = 4
"""Beyond these the simulation is what takes the time."""


def default_emulators() -> int:
    """Return how many emulators this computer runs side by side."""
    return max(1, min(MOST_EMULATORS, os.cpu_count() or 1))


class LockStepFleet:
    """Flights spread over boards; the world waits for the slowest."""

    def __init__(self, boards: Sequence[Board], records: Sequence[LinkRecord], count: int) -> None:
        """Begin ``count`` new flights.

        Args:
            boards: with room for ``count`` flights together.
            records: one for each board.
            count: flights.
        """
        share = math.ceil(count / len(boards))
        self._parts = [slice(first, min(first + share, count)) for first in range(0, count, share)]
        self._flights = [
            Flights(board, part.stop - part.start, record)
            for board, record, part in zip(boards, records, self._parts, strict=False)
        ]
        self._pool = ThreadPoolExecutor(len(self._flights), thread_name_prefix="hil")

    def step(self, observation: np.ndarray) -> np.ndarray:
        """Make one step of every flight.

        Args:
            observation: (count, observation_size) float32.

        Returns:
            action (count, action_size) float32.

        Raises:
            LinkError: if a board is lost, does not answer or lost its place.
        """
        if len(self._flights) == 1:
            return self._flights[0].step(observation)
        waiting = [
            self._pool.submit(flights.step, observation[part]) for flights, part in zip(self._flights, self._parts)
        ]
        return np.concatenate([future.result() for future in waiting])

    def close(self) -> None:
        """End the threads, each of which waits no longer than its board's time-outs."""
        self._pool.shutdown()


def capacity(boards: Sequence[Board]) -> int:
    """Return how many flights the boards hold together, spread evenly."""
    return min(board.info.slots for board in boards) * len(boards)
