"""The observation of a contact policy, built from an arm's state: flat terms, and after them each image."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from hardware.arm.pose import canonical
from hardware.arm.state import ArmState
from policies.bundle import BundleInfo
from sim.errors import ConfigError

IMAGES = ("field", "image", "wrist")
"""What pads and camera deliver: forces, N; differences to the untouched pad, grey levels; a picture, grey levels."""

Term = Callable[[ArmState], Sequence[float]]

# Signs of quaternions as in training: a tool that points down keeps its x, a fixture that stands its w.
TERMS: dict[str, Term] = {
    "joint_position": lambda state: state.joint_position,
    "tool_pose": lambda state: (*state.tool_position, *canonical(state.tool_wxyz, 1)),
    "socket_noisy_pose": lambda state: (*state.fixture_position, *canonical(state.fixture_wxyz, 0)),
}
"""Every flat term."""


class ArmObservation:
    """Fills a bundle's observation.

    Args:
        info: from the bundle.

    Raises:
        ConfigError: if the bundle wants what no arm can deliver, such as the true place of what it holds.
    """

    def __init__(self, info: BundleInfo) -> None:
        sizes = {"joint_position": len(info.robot.joint_names)}
        for term in info.observation:
            if term.name not in TERMS or term.size != sizes.get(term.name, 7):
                raise ConfigError(
                    f"the policy observes '{term.name}' ({term.size}), which no arm can deliver;"
                    f" those that can be: {', '.join(TERMS)}"
                )
        for image in info.images:
            if image.name not in IMAGES:
                raise ConfigError(f"the policy sees '{image.name}', which no sensor here delivers: {', '.join(IMAGES)}")
        self._terms = [TERMS[term.name] for term in info.observation]
        self._images = [(image.name, image.shape) for image in info.images]

    def __call__(self, state: ArmState, reference: Sequence[float], applied: np.ndarray) -> np.ndarray:
        """Return the observation, (input_size,) float32; ``reference`` and ``applied`` are no part of it."""
        flat = np.concatenate([np.asarray(term(state), np.float32) for term in self._terms])
        images = [np.asarray(state.images[name], np.float32).reshape(shape).ravel() for name, shape in self._images]
        return np.concatenate([flat, *images])
