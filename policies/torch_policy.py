"""A torch actor behind the back-end interface, so that evaluation and verification can step it."""

from __future__ import annotations

import math

import numpy as np
import torch

from policies.policy import Policy


class TorchPolicy(Policy):
    """Steps an actor without gradients; float32 numpy in and out."""

    def __init__(self, actor: torch.nn.Module) -> None:
        """Wrap ``actor``: ``forward(observation, state_in, reset, *images) -> (action, state_out)``."""
        self.actor = actor

    @property
    def state_size(self) -> int:
        """Length of the memory carried from step to step."""
        return int(self.actor.state_size)  # pyright: ignore[reportArgumentType]

    def step(self, observation: np.ndarray, state: np.ndarray, reset: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Compute one control step; shapes as in ``policies.policy.Policy``."""
        flat, *images = split_images(torch.from_numpy(np.ascontiguousarray(observation, np.float32)), self.actor)
        inputs = (state, np.asarray(reset)[:, None])
        with torch.no_grad():
            action, next_state = self.actor(
                flat, *(torch.from_numpy(np.ascontiguousarray(x, np.float32)) for x in inputs), *images
            )
        return action.numpy(), next_state.numpy()


def image_shapes(actor: torch.nn.Module) -> dict[str, tuple[int, ...]]:
    """Return the images an actor takes after ``reset``, by name: their shapes without the batch; most take none."""
    return dict(getattr(actor, "images", {}))


def split_images(observation: torch.Tensor, actor: torch.nn.Module) -> list[torch.Tensor]:
    """Return the flat terms and each image of what is observed, (N, terms and images), as the actor takes them."""
    shapes = image_shapes(actor)
    sizes = [math.prod(shape) for shape in shapes.values()]
    flat, *images = observation.split([observation.shape[1] - sum(sizes), *sizes], dim=1)
    return [flat, *(image.reshape(-1, *shape) for image, shape in zip(images, shapes.values()))]
