"""onnxruntime beside the board, at every step of every flight: the same observations, each with its own state."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from policies.runtime import OnnxPolicy
from sim.files import write_atomic


@dataclass(frozen=True)
class WorstStep:
    """The step at which the board was furthest off."""

    episode: int
    """From 0."""
    step: int
    """Within the episode, from 0."""
    relative: float
    """Largest error of one action channel over its range; infinite where only one side is a number."""
    observation: np.ndarray
    """(observation_size,) float32."""
    state: np.ndarray
    """onnxruntime's before the step, (state_size,) float32."""
    action_board: np.ndarray
    action_onnx: np.ndarray

    def save(self, path: Path | str) -> None:
        """Write everything into an ``.npz`` file.

        Raises:
            StorageError: if it cannot be written.
        """
        buffer = io.BytesIO()
        np.savez(buffer, **vars(self))
        write_atomic(path, buffer.getvalue())


class ParityWatch:
    """Compares as the flights go on.

    Attributes:
        worst: the worst step so far; ``None`` before the first.
        absolute: largest difference of one action channel so far, in the action's unit.
        steps: compared so far.
    """

    def __init__(self, policy: OnnxPolicy) -> None:
        self.worst: WorstStep | None = None
        self.absolute = 0.0
        self.steps = 0
        self._policy = policy
        action = policy.bundle.info.action
        self._span = np.subtract(action.high, action.low)
        self.begin(0, 0)

    def begin(self, count: int, first_episode: int) -> None:
        """Begin ``count`` flights, the episodes from ``first_episode``."""
        self._state = np.zeros((count, self._policy.state_size), np.float32)
        self._first_episode, self._step = first_episode, 0

    def compare(self, observation: np.ndarray, action_board: np.ndarray) -> None:
        """Take one step of every flight.

        Args:
            observation: (count, observation_size) float32, what the board was given.
            action_board: (count, action_size) float32, what it answered.
        """
        before = self._state
        reset = np.full(len(observation), self._step == 0)
        action, self._state = self._policy.step(observation, before, reset)
        error = _difference(action_board, action)
        relative = (error / self._span).max(axis=1)
        self.absolute = max(self.absolute, float(error.max()))
        row = int(relative.argmax())
        if self.worst is None or relative[row] > self.worst.relative:
            self.worst = WorstStep(
                episode=self._first_episode + row,
                step=self._step,
                relative=float(relative[row]),
                observation=observation[row].copy(),
                state=before[row].copy(),
                action_board=action_board[row].copy(),
                action_onnx=action[row].copy(),
            )
        self._step += 1
        self.steps += len(observation)


def _difference(actual: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Return ``|actual - expected|`` in float64: 0 for equal values, two NaNs too; infinity for one NaN alone."""
    with np.errstate(invalid="ignore"):
        difference = np.abs(actual.astype(np.float64) - expected.astype(np.float64))
    same = (actual == expected) | (np.isnan(actual) & np.isnan(expected))
    return np.where(same, 0.0, np.where(np.isnan(difference), np.inf, difference))
