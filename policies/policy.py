"""The one interface every policy back end implements: torch, onnxruntime and generated C alike."""

from __future__ import annotations

from typing import Protocol

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
            observation: (N, observation_size) float32, raw SI terms in the bundle's order.
            state: (N, state_size) float32 from the previous step; ignored where ``reset`` is true.
            reset: (N,) bool, true on the first step of an episode.

        Returns:
            action (N, action_size) float32 physical commands, and the next state (N, state_size).
        """
        ...
