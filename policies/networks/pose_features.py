"""What poses say about each other: how far apart they are, coarsely and finely, and which way is up for each.

A network could find these differences among normalised positions, but a millimetre is little beside the decimetres that
things are scattered over: with them contact tasks are learnt in far fewer steps.
"""

from __future__ import annotations

from itertools import combinations

import torch
from torch import Tensor, nn

COARSE_M, FINE_M, FINE_TILT = 0.1, 0.01, 0.1
"""What ``tanh`` is taken of is measured in these: the size of the scene, of the objects, and of small tilts."""
_PER_POSE, _PER_PAIR = 5, 6


class PoseFeatures(nn.Module):
    """Features of the poses in an observation.

    Args:
        starts: where each pose begins in the flat observation: position, m, and quaternion, wxyz.
    """

    def __init__(self, starts: tuple[int, ...]) -> None:
        super().__init__()
        self.starts = starts
        self.size = feature_count(len(starts))

    def forward(self, observation: Tensor) -> Tensor:
        """Return features (batch, size) of raw observations (batch, ...)."""
        features = [axes for start in self.starts for axes in _up(observation[..., start + 3 : start + 7])]
        for one, other in combinations(self.starts, 2):
            apart = observation[..., one : one + 3] - observation[..., other : other + 3]
            features += [torch.tanh(apart / COARSE_M), torch.tanh(apart / FINE_M)]
        return torch.cat(features, dim=-1)


def feature_count(poses: int) -> int:
    """Return how many features so many poses have."""
    return _PER_POSE * poses + _PER_PAIR * poses * (poses - 1) // 2


def _up(quaternion: Tensor) -> tuple[Tensor, Tensor]:
    """Return the third axis of a rotation (batch, 3), and its first two parts finely (batch, 2)."""
    w, x, y, z = (quaternion[..., part : part + 1] for part in range(4))
    level = 2.0 * torch.cat([x * z + w * y, y * z - w * x], dim=-1)
    return torch.cat([level, 1.0 - 2.0 * (x * x + y * y)], dim=-1), torch.tanh(level / FINE_TILT)
