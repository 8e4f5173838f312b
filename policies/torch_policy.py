"""A torch actor behind the back-end interface, so that evaluation and verification can step it."""

from __future__ import annotations

import numpy as np
import torch

from policies.policy import Policy


class TorchPolicy(Policy):
    """Steps an actor without gradients; float32 numpy in and out."""

    def __init__(self, actor: torch.nn.Module) -> None:
        """Wrap ``actor``: ``forward(observation, state_in, reset) -> (action, state_out)``."""
        self.actor = actor

    @property
    def state_size(self) -> int:
        """Length of the memory carried from step to step."""
        return int(self.actor.state_size)  # pyright: ignore[reportArgumentType]

    def step(self, observation: np.ndarray, state: np.ndarray, reset: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Compute one control step; shapes as in ``policies.policy.Policy``."""
        inputs = (observation, state, np.asarray(reset)[:, None])
        with torch.no_grad():
            action, next_state = self.actor(*(torch.from_numpy(np.ascontiguousarray(x, np.float32)) for x in inputs))
        return action.numpy(), next_state.numpy()
