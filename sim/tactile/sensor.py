"""A tactile pad as data: its camera, its taxels and its gel."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Camera:
    """The camera behind a gel.

    Attributes:
        rows: image height, px.
        columns: image width, px.
        width_m: footprint on the gel along the columns, m.
        height_m: footprint along the rows, m.
        rate_hz: frames per second.
        distance_m: from the gel surface, m; ``None`` where it is not published.
    """

    rows: int
    columns: int
    width_m: float
    height_m: float
    rate_hz: float
    distance_m: float | None = None

    @property
    def pixel_m(self) -> tuple[float, float]:
        """Size of a pixel on the gel along columns and rows, m: the footprint's, not a table's."""
        return self.width_m / self.columns, self.height_m / self.rows

    @property
    def horizontal_fov_rad(self) -> float | None:
        """Field of view along the columns: 2 atan(w / 2 / distance)."""
        return None if self.distance_m is None else 2.0 * math.atan(0.5 * self.width_m / self.distance_m)


@dataclass(frozen=True)
class Taxels:
    """A centred grid of points at which forces are known.

    Attributes:
        rows: along y.
        columns: along x.
        pitch_m: distance of neighbours, m.
    """

    rows: int
    columns: int
    pitch_m: float

    @classmethod
    def fitted(cls, rows: int, columns: int, camera: Camera, margin_m: float = 3e-3) -> Taxels:
        """Fit a grid into a footprint with a margin.

        The pitch is the smaller of (size - 2 margin) / (number + 1) over both axes, the rule of the TacSL code
        (arXiv 2408.06506).
        """
        along_x = (camera.width_m - 2.0 * margin_m) / (columns + 1)
        along_y = (camera.height_m - 2.0 * margin_m) / (rows + 1)
        return cls(rows, columns, min(along_x, along_y))

    @property
    def count(self) -> int:
        """Number of taxels."""
        return self.rows * self.columns

    @property
    def area_m2(self) -> float:
        """Area that one taxel stands for, m^2."""
        return self.pitch_m**2

    @cached_property
    def positions(self) -> Array:
        """Return the places in the pad frame, row by row, m; (count, 3), z = 0."""
        x = (np.arange(self.columns) - (self.columns - 1) / 2.0) * self.pitch_m
        y = (np.arange(self.rows) - (self.rows - 1) / 2.0) * self.pitch_m
        grid = np.stack(np.broadcast_arrays(x[None, :], y[:, None], 0.0), axis=-1)
        return np.ascontiguousarray(grid.reshape(-1, 3), dtype=np.float32)


@dataclass(frozen=True)
class Gel:
    """What the field knows of the elastomer.

    Attributes:
        modulus_pa: Young's modulus.
        poisson: Poisson's ratio.
        thickness_m: deepest indentation that the height map shows.
        friction: coefficient of sliding friction.
        damping_s_m: the normal force grows by this times the approach speed, s/m.
        relaxation_s: of the shear: it grows by stiffness times this times the sliding speed, s.
    """

    modulus_pa: float
    poisson: float
    thickness_m: float
    friction: float
    damping_s_m: float
    relaxation_s: float


@dataclass(frozen=True)
class Pad:
    """A tactile sensor.

    Attributes:
        name: as on the command line.
        title: as people write it.
        camera: ``None`` for an array of taxels without a picture.
        taxels: where forces are known.
        gel: its elastomer.
        size_m: of the surface along x and y, m.
        rate_hz: samples per second of the force field.
        source: where the numbers come from.
    """

    name: str
    title: str
    camera: Camera | None
    taxels: Taxels
    gel: Gel
    size_m: tuple[float, float]
    rate_hz: float
    source: str
