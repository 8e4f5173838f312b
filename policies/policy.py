"""The one interface every policy back end implements: torch, onnxruntime and generated C alike."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np


class Policy(Protocol):
    """A batch of independent policies stepped once per control period."""

    @property
    def state_size(self) -> int:
        """Length of the memory carried from step to step; 0 for a policy without memory."""
        ...

    def step(self, observation: np.ndarray, state: np.ndarray, reset: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Compute one control step.

        Args:
            observation: (N, observation_size) float32, raw SI terms in the bundle's order, and after them each
                image, row-major.
            state: (N, state_size) float32 from the previous step; ignored where ``reset`` is true.
            reset: (N,) bool, true on the first step of an episode.

        Returns:
            action (N, action_size) float32 physical commands, and the next state (N, state_size).
        """
        ...


@runtime_checkable
class SequencePolicy(Protocol):
    """A back end that runs whole sequences itself, because reaching it takes longer than a step."""

    def replay(self, observation: np.ndarray, reset: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Run sequences of steps; the back end's own state goes from step to step.

        Args:
            observation: (sequences, steps, observation_size) float32.
            reset: (sequences, steps) float32, 1.0 where an episode starts.

        Returns:
            action (sequences, steps, action_size) and the state after each step
            (sequences, steps, state_size), float32.
        """
        ...
