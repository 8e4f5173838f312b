"""Convolutions with a spatial soft-argmax: what a picture or a field of forces says, as a few points.

Sizes after TacSL (arXiv 2408.06506): 32, 32 and 64 channels, kernels 8, 4, 3, strides 2, 1, 1. The soft-argmax is that
of Levine et al., "End-to-End Training of Deep Visuomotor Policies", JMLR 17 (2016), section 4.2.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True)
class Convolutions:
    """Sizes of an encoder's layers, from the picture on."""

    channels: tuple[int, ...] = (32, 32, 64)
    kernels: tuple[int, ...] = (8, 4, 3)
    strides: tuple[int, ...] = (2, 1, 1)


class ImageEncoder(nn.Module):
    """Two coordinates and a mean for each channel of the last convolution; the same weights for every pad.

    The coordinates say where something is and the mean how much of it: a soft-argmax alone cannot tell a light touch
    from a firm one. Half a kernel of padding keeps the small grids of force fields alive.

    Args:
        shape: of the input without the batch: (rows, columns, channels), or with (pads,) before them.
        scale: largest usual size of a value, which becomes one.
        layers: sizes.
    """

    positions: Tensor

    def __init__(self, shape: tuple[int, ...], scale: float, layers: Convolutions | None = None) -> None:
        super().__init__()
        layers = layers or Convolutions()
        *pads, rows, columns, channels = shape
        self.shape, self.pads, self.scale = tuple(shape), (pads[0] if pads else 1), scale
        self.convolutions = nn.ModuleList()
        for width, kernel, stride in zip(layers.channels, layers.kernels, layers.strides):
            padding = (kernel - 1) // 2
            self.convolutions.append(nn.Conv2d(channels, width, kernel, stride, padding))
            rows, columns = ((side + 2 * padding - kernel) // stride + 1 for side in (rows, columns))
            channels = width
        self.channels, self.places = channels, rows * columns
        self.register_buffer("positions", _grid(rows, columns))
        self.size = self.output_size(self.shape, layers)

    @staticmethod
    def output_size(shape: tuple[int, ...], layers: Convolutions) -> int:
        """Return the length of what is found in images of this shape."""
        return (shape[0] if len(shape) == 4 else 1) * 3 * layers.channels[-1]

    def forward(self, image: Tensor) -> Tensor:
        """Return what was found, ``(batch, size)``, of images ``(batch, *shape)``."""
        image = torch.clamp(image / self.scale, -_LARGEST, _LARGEST)
        if image.dim() == 4:
            return self._encode(image)
        return torch.cat([self._encode(image[:, pad]) for pad in range(self.pads)], dim=1)

    def _encode(self, image: Tensor) -> Tensor:
        """Return (batch, 3 channels) of one pad's picture, (batch, rows, columns, channels)."""
        x = image.permute(0, 3, 1, 2)
        for convolution in self.convolutions:
            x = functional.relu(convolution(x))
        x = x.reshape(-1, self.channels, self.places)
        where = torch.softmax(x, dim=2) @ self.positions
        much = x.mean(dim=2)
        return torch.cat([where.reshape(-1, 2 * self.channels), much], dim=1)


_LARGEST = 10.0
"""Inputs are clipped at so many times their scale: a broken camera must not drive a policy anywhere."""


def _grid(rows: int, columns: int) -> Tensor:
    """Return row and column of every place in [-1, 1], (rows * columns, 2)."""
    along = [torch.linspace(-1.0, 1.0, side) if side > 1 else torch.zeros(1) for side in (rows, columns)]
    return torch.stack([axis.reshape(-1) for axis in torch.meshgrid(*along, indexing="ij")], dim=1)
