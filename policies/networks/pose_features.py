"""What poses say about each other, seen along the tool's heading: how far apart, coarsely and finely, and their tilts.

A network could find these differences among normalised positions, but a millimetre is little beside the decimetres that
things are scattered over; and what is done at one heading of the hand is right at any other, if it is done along the
hand. With both, contact tasks are learnt in far fewer steps.
"""

from __future__ import annotations

from itertools import combinations

import torch
from torch import Tensor, nn

SCALES_M, FINE_TILT = (0.1, 0.01, 0.001), 0.1
"""What ``tanh`` is taken of is measured in these: sizes of the scene, of objects and of clearances; small tilts."""
_PER_POSE, _PER_PAIR, _PER_VECTOR = 5, 3 * len(SCALES_M), 3
_LEAST = 1e-6
"""Added to the square of the heading's length: a tool on its side has no heading."""


class PoseFeatures(nn.Module):
    """Features of the poses in an observation, in the frame of the tool's heading: z is up, y the fingers' way.

    Args:
        starts: where each pose begins in the flat observation: position, m, and quaternion, wxyz. The first is the
            tool's.
        vectors: where vectors in the base frame begin, which are turned as they are.
    """

    def __init__(self, starts: tuple[int, ...], vectors: tuple[int, ...] = ()) -> None:
        super().__init__()
        self.starts, self.vectors = starts, vectors
        self.size = feature_count(len(starts), len(vectors))

    def forward(self, observation: Tensor) -> Tensor:
        """Return features (batch, size) of raw observations (batch, ...)."""
        heading = self.heading(observation)
        features = [axis for start in self.starts[:1] for axis in _tilt(_up(_quaternion(observation, start)))]
        for start in self.starts[1:]:
            features += _tilt(along(heading, _axis(_quaternion(observation, start))))
        for one, other in combinations(self.starts, 2):
            apart = along(heading, observation[..., one : one + 3] - observation[..., other : other + 3])
            features += [torch.tanh(apart / scale) for scale in SCALES_M]
        features += [along(heading, observation[..., start : start + 3]) for start in self.vectors]
        return torch.cat(features, dim=-1)

    def heading(self, observation: Tensor) -> Tensor:
        """Return the direction of the tool's y axis over ground, (batch, 2)."""
        w, x, y, z = _parts(_quaternion(observation, self.starts[0]))
        way = torch.cat([2.0 * (x * y - w * z), 1.0 - 2.0 * (x * x + z * z)], dim=-1)
        square = way * way
        return way / torch.sqrt(square[..., 0:1] + square[..., 1:2] + _LEAST)

    def to_base(self, observation: Tensor, motion: Tensor) -> Tensor:
        """Return motions along the heading, a vector and a turn, (batch, 6), in the base frame."""
        heading = self.heading(observation)
        x, y = heading[..., 0:1], heading[..., 1:2]
        back = torch.cat([-x, y], dim=-1)  # the heading of the base in the tool's frame
        return torch.cat([along(back, motion[..., 0:3]), along(back, motion[..., 3:6])], dim=-1)


def feature_count(poses: int, vectors: int = 0) -> int:
    """Return how many features so many poses and vectors have."""
    return _PER_POSE * poses + _PER_PAIR * poses * (poses - 1) // 2 + _PER_VECTOR * vectors


def along(heading: Tensor, vector: Tensor) -> Tensor:
    """Return a vector (batch, 3) of the base in the frame whose y axis is the heading (batch, 2)."""
    x, y, vx, vy = heading[..., 0:1], heading[..., 1:2], vector[..., 0:1], vector[..., 1:2]
    return torch.cat([vx * y - vy * x, vx * x + vy * y, vector[..., 2:3]], dim=-1)


def _quaternion(observation: Tensor, start: int) -> Tensor:
    return observation[..., start + 3 : start + 7]


def _parts(quaternion: Tensor) -> tuple[Tensor, ...]:
    return tuple(quaternion[..., part : part + 1] for part in range(4))


def _axis(quaternion: Tensor) -> Tensor:
    """Return the third axis of a rotation, (batch, 3)."""
    w, x, y, z = _parts(quaternion)
    return torch.cat([2.0 * (x * z + w * y), 2.0 * (y * z - w * x), 1.0 - 2.0 * (x * x + y * y)], dim=-1)


def _up(quaternion: Tensor) -> Tensor:
    """Return what is up in the base in the rotated frame, (batch, 3)."""
    w, x, y, z = _parts(quaternion)
    return torch.cat([2.0 * (x * z - w * y), 2.0 * (y * z + w * x), 1.0 - 2.0 * (x * x + y * y)], dim=-1)


def _tilt(axis: Tensor) -> list[Tensor]:
    """Return an axis (batch, 3), and its first two parts finely (batch, 2)."""
    return [axis, torch.tanh(axis[..., 0:2] / FINE_TILT)]
