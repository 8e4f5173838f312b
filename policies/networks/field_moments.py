"""What fields of forces say as a whole: sums and moments of two pads together, and of one against the other.

A held thing that touches something weighs on the pads with a newton or less, beside ten that only hold it. That is in
no taxel, but in their sums: force, torque, and how the thing leans in the grasp. A network could learn to add them up,
but it takes long to learn to do it exactly.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

SCALES_N = (2.0, 0.2)
"""What ``tanh`` is taken of is measured in these: holding and touching."""
_WEIGHTS = 4
"""1, row, column and their product, each from -1 to 1 over the pad."""


class FieldMoments(nn.Module):
    """Sums over two pads and differences between them, of each component of the force, weighed by place.

    Of another number of pads, the sums over each.

    Args:
        shape: of the field: pads, rows, columns, components.
    """

    weights: Tensor

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        pads, rows, columns, components = shape
        row, column = torch.meshgrid(torch.linspace(-1.0, 1.0, rows), torch.linspace(-1.0, 1.0, columns), indexing="ij")
        weights = torch.stack([torch.ones_like(row), row, column, row * column], dim=-1)
        each = torch.einsum("rcw,fg->rcfwg", weights, torch.eye(components)).reshape(rows * columns * components, -1)
        mixed = torch.tensor([[1.0, 1.0], [1.0, -1.0]]) if pads == 2 else torch.eye(pads)
        self.register_buffer("weights", torch.kron(mixed, each), persistent=False)
        self.size = self.output_size(shape)

    @staticmethod
    def output_size(shape: tuple[int, ...]) -> int:
        """Return the length of what is said about fields of this shape."""
        return shape[0] * _WEIGHTS * shape[-1] * len(SCALES_N)

    def forward(self, field: Tensor) -> Tensor:
        """Return moments, (..., size), of fields in newtons, (..., *shape)."""
        moments = field.flatten(-4).to(self.weights.dtype) @ self.weights  # (stored rollouts are of half precision)
        return torch.cat([torch.tanh(moments / scale) for scale in SCALES_N], dim=-1)
