"""A look-up table for a pad that nobody has calibrated: three coloured lights on a matt skin.

The physics that GelSight rests on (Yuan, Dong, Adelson, "GelSight: High-Resolution Robot Tactile Sensors for
Estimating Geometry and Force", Sensors 17, 2017): a Lambertian skin (Woodham, "Photometric method for determining
surface orientation from multiple images", Opt. Eng. 19, 1980), lit from three sides by red, green and blue lamps near
its rim, whose light falls off with the square of the distance. It is no sensor's own table, but one to work with.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from sim.tactile.sensor import Array, Camera
from sim.tactile.table import COEFFICIENTS, Table, bin_centres

BINS = 125
"""Of the published tables."""
GRID = 12
"""Places per axis that the polynomials are fitted to."""

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Lamps:
    """A red, a green and a blue lamp around a pad.

    Attributes:
        angles_deg: where they are, around z from x: three sides, as in the R1.5 and the Mini.
        elevation_deg: above the skin's plane, seen from its middle; low, so that small slopes change much.
        distance: from the middle, in half diagonals of the footprint.
        grey_level: of each channel in the middle of an untouched pad.
        ambient: part of that level that comes from everywhere.
        crosstalk: part of each lamp that the other two channels see: filters overlap.
    """

    angles_deg: tuple[float, float, float] = (90.0, 210.0, 330.0)
    elevation_deg: float = 30.0
    distance: float = 3.0
    grey_level: float = 110.0
    ambient: float = 0.25
    crosstalk: float = 0.12


NOMINAL = Lamps()


@lru_cache
def default_calibration(camera: Camera, lamps: Lamps = NOMINAL) -> tuple[Table, Array]:
    """Return a table and the picture of the untouched pad, (rows, columns, 3), 0 to 255."""
    normals = _bin_normals()  # (bins, bins, 3)
    columns, rows = np.meshgrid(
        np.linspace(0, camera.columns - 1, GRID), np.linspace(0, camera.rows - 1, GRID), indexing="xy"
    )
    columns, rows = columns.ravel(), rows.ravel()
    basis = _basis(columns, rows)  # (places, 6)
    fit = np.linalg.pinv(basis)  # (6, places)
    flat = brightness(camera, columns, rows, np.array([0.0, 0.0, -1.0]), lamps)  # (places, 3)
    coefficients = np.empty((BINS, BINS, 3, COEFFICIENTS), np.float32)
    for i in range(BINS):
        lit = brightness(camera, columns, rows, normals[i][:, None, :], lamps)  # (bins, places, 3)
        coefficients[i] = np.einsum("kp,jpc->jck", fit, lit - flat)
    every = np.meshgrid(np.arange(camera.columns), np.arange(camera.rows), indexing="xy")
    background = brightness(camera, every[0], every[1], np.array([0.0, 0.0, -1.0]), lamps)
    return Table(coefficients), np.ascontiguousarray(background, dtype=np.float32)


def brightness(
    camera: Camera, columns: npt.ArrayLike, rows: npt.ArrayLike, normal: Numbers, lamps: Lamps = NOMINAL
) -> Numbers:
    """Return what the camera sees, grey levels, (..., 3).

    Args:
        camera: the pad's.
        columns: places, px; (...).
        rows: the same.
        normal: of the skin, towards the camera (z down in the pad frame); (..., 3).
        lamps: that light it.
    """
    pixel_x, pixel_y = camera.pixel_m
    x = (np.asarray(columns, dtype=np.float64) - 0.5 * (camera.columns - 1)) * pixel_x
    y = (np.asarray(rows, dtype=np.float64) - 0.5 * (camera.rows - 1)) * pixel_y
    seen = np.zeros((*np.broadcast_shapes(x.shape, normal.shape[:-1]), 3))
    share = np.full((3, 3), lamps.crosstalk) + (1.0 - 3.0 * lamps.crosstalk) * np.eye(3)
    for number in range(3):
        seen += _lambert(camera, lamps, number, x, y, normal)[..., None] * share[number]
    return lamps.grey_level * (lamps.ambient + (1.0 - lamps.ambient) * seen)


def _lambert(camera: Camera, lamps: Lamps, number: int, x: Numbers, y: Numbers, normal: Numbers) -> Numbers:
    """Light of one lamp that the skin throws back; 1 in the middle of the flat pad."""
    far = lamps.distance * 0.5 * np.hypot(camera.width_m, camera.height_m)
    angle, elevation = np.radians([lamps.angles_deg[number], lamps.elevation_deg])
    lamp = far * np.array([np.cos(elevation) * np.cos(angle), np.cos(elevation) * np.sin(angle), -np.sin(elevation)])
    to_x, to_y, to_z = lamp[0] - x, lamp[1] - y, lamp[2]
    squared = to_x**2 + to_y**2 + to_z**2
    cosine = (normal[..., 0] * to_x + normal[..., 1] * to_y + normal[..., 2] * to_z) / np.sqrt(squared)
    return np.maximum(cosine, 0.0) * far**2 / squared / np.sin(elevation)


def _basis(columns: Numbers, rows: Numbers) -> Numbers:
    return np.stack([columns**2, rows**2, columns * rows, columns, rows, np.ones_like(columns)], axis=-1)


def _bin_normals() -> Numbers:
    """Return the skin's normal in the middle of each bin, (bins, bins, 3); the first steepness is exactly flat.

    The skin is z = -h(x, y): its normal towards the camera is (-dh/dx, -dh/dy, -1), shortened to length 1.
    """
    steepness, direction = bin_centres(BINS)
    m, theta = steepness[:, None], direction[None, :]
    parts = [-np.sin(m) * np.cos(theta), -np.sin(m) * np.sin(theta), -np.cos(m) + 0.0 * theta]
    return np.stack(np.broadcast_arrays(*parts), axis=-1)
