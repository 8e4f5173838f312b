"""Objects that touch: exact signed distances exist for these five shapes.

Sizes are MuJoCo's ``geom_size`` conventions (radius; half sizes; radius and half length), a plane's surface is its
local xy plane with z outward, so a shape and a geom of a MuJoCo model mean the same thing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim.errors import ConfigError

KINDS = {"sphere": 0, "box": 1, "cylinder": 2, "capsule": 3, "plane": 4}
"""Kind -> the number by which ``kernels`` call it."""
SIZES = {"sphere": 1, "box": 3, "cylinder": 2, "capsule": 2, "plane": 0}
"""Kind -> how many lengths it has."""


@dataclass(frozen=True)
class Shape:
    """A primitive.

    Attributes:
        kind: one of ``KINDS``.
        size: its lengths, m: sphere (radius), box (half sizes x, y, z), cylinder and capsule (radius, half length
            along its z), plane ().
    """

    kind: str
    size: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ConfigError(f"unknown shape '{self.kind}'; choose one of: {', '.join(KINDS)}")
        if len(self.size) != SIZES[self.kind]:
            raise ConfigError(f"a {self.kind} has {SIZES[self.kind]} lengths, not {len(self.size)}")
        if not all(math.isfinite(length) and length > 0.0 for length in self.size):
            raise ConfigError(f"the lengths of a {self.kind} must be positive, not {self.size}")

    @property
    def code(self) -> int:
        """Number of the kind."""
        return KINDS[self.kind]

    @property
    def padded_size(self) -> tuple[float, float, float]:
        """Three lengths, those it has not are 0."""
        a, b, c = (*self.size, 0.0, 0.0, 0.0)[:3]
        return a, b, c


def rotation(wxyz: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return rotation matrices, (..., 3, 3), of unit quaternions, (..., 4) wxyz."""
    quaternions = np.asarray(wxyz, dtype=np.float64)
    w, x, y, z = (quaternions[..., part] for part in range(4))
    matrices = np.empty((*quaternions.shape[:-1], 3, 3))
    matrices[..., 0, 0], matrices[..., 0, 1] = 1 - 2 * (y * y + z * z), 2 * (x * y - w * z)
    matrices[..., 0, 2], matrices[..., 1, 0] = 2 * (x * z + w * y), 2 * (x * y + w * z)
    matrices[..., 1, 1], matrices[..., 1, 2] = 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)
    matrices[..., 2, 0], matrices[..., 2, 1] = 2 * (x * z - w * y), 2 * (y * z + w * x)
    matrices[..., 2, 2] = 1 - 2 * (x * x + y * y)
    return matrices
