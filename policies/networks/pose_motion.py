"""How the tool has moved since the step before: velocities, which actors of contact tasks are not told.

A hand on a face must not bounce, and for that its speed must be known to a few millimetres a second: a tenth of a
millimetre a step, where positions are spread over decimetres. A network with memory could find it out, but hardly does.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from policies.networks.pose_features import along

POSE = 7
"""Position, m, and quaternion, wxyz."""
SCALES_M, SCALES_RAD = (1e-3, 2e-4), (1e-2, 2e-3)
"""What ``tanh`` is taken of is measured in these: 60 and 12 mm/s at sixty steps a second, 0.6 and 0.12 rad/s."""
SIZE = 3 * (len(SCALES_M) + len(SCALES_RAD))


class PoseMotion(nn.Module):
    """Steps of the tool, in the frame of its heading: z is up, y the fingers' way."""

    def forward(self, pose: Tensor, before: Tensor, heading: Tensor) -> Tensor:
        """Return features (..., SIZE).

        Args:
            pose: of the tool, (..., 7).
            before: a step before, (..., 7).
            heading: direction of the tool's y axis over ground, (..., 2).
        """
        moved = along(heading, pose[..., 0:3] - before[..., 0:3])
        turned = along(heading, _turn(pose[..., 3:7], before[..., 3:7]))
        parts = [torch.tanh(moved / scale) for scale in SCALES_M]
        return torch.cat([*parts, *(torch.tanh(turned / scale) for scale in SCALES_RAD)], dim=-1)


def _turn(now: Tensor, before: Tensor) -> Tensor:
    """Return a small turn, rad, (..., 3): twice the vector part of a quaternion times the earlier one's inverse."""
    w, v, w0, v0 = now[..., 0:1], now[..., 1:4], before[..., 0:1], before[..., 1:4]
    x, y, z = v[..., 0:1], v[..., 1:2], v[..., 2:3]
    x0, y0, z0 = v0[..., 0:1], v0[..., 1:2], v0[..., 2:3]
    turned_over = torch.cat([y * z0 - z * y0, z * x0 - x * z0, x * y0 - y * x0], dim=-1)
    return 2.0 * (w0 * v - w * v0 - turned_over)
