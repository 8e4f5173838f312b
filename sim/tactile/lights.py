"""A look-up table for a pad that nobody has calibrated: three coloured lights on a matt skin.

The physics that GelSight rests on (Yuan, Dong, Adelson, "GelSight: High-Resolution Robot Tactile Sensors for
Estimating Geometry and Force", Sensors 17, 2017): a Lambertian skin (Woodham, "Photometric method for determining
surface orientation from multiple images", Opt. Eng. 19, 1980), lit from three sides by red, green and blue lamps near
its rim, whose light falls off with the square of the distance. It is no sensor's own table, but one to work with.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from sim.tactile.sensor import Array, Camera
from sim.tactile.table import COEFFICIENTS, Table, bin_centres

BINS = 125
"""Of the published tables."""
ANGLES_RAD = np.radians([90.0, 210.0, 330.0])
"""Where the red, green and blue lamps are, around z from x: three sides, as in the R1.5 and the Mini."""
ELEVATION_RAD = np.radians(30.0)
"""Of the lamps above the skin's plane, seen from its middle; low, so that small slopes change much."""
DISTANCE = 3.0
"""Of the lamps from the middle, in half diagonals of the footprint."""
GREY_LEVEL = 110.0
"""Of each channel in the middle of an untouched pad."""
AMBIENT = 0.25
"""Part of that level that comes from everywhere."""
CROSSTALK = 0.12
"""Part of each lamp that the other two channels see: filters overlap."""
GRID = 12
"""Places per axis that the polynomials are fitted to."""

Numbers = npt.NDArray[np.float64]


@lru_cache
def default_calibration(camera: Camera) -> tuple[Table, Array]:
    """Return a table and the picture of the untouched pad, (rows, columns, 3), 0 to 255."""
    normals = _bin_normals()  # (bins, bins, 3)
    columns, rows = np.meshgrid(
        np.linspace(0, camera.columns - 1, GRID), np.linspace(0, camera.rows - 1, GRID), indexing="xy"
    )
    columns, rows = columns.ravel(), rows.ravel()
    basis = _basis(columns, rows)  # (places, 6)
    fit = np.linalg.pinv(basis)  # (6, places)
    flat = brightness(camera, columns, rows, np.array([0.0, 0.0, -1.0]))  # (places, 3)
    coefficients = np.empty((BINS, BINS, 3, COEFFICIENTS), np.float32)
    for i in range(BINS):
        lit = brightness(camera, columns, rows, normals[i][:, None, :])  # (bins, places, 3)
        coefficients[i] = np.einsum("kp,jpc->jck", fit, lit - flat)
    every = np.meshgrid(np.arange(camera.columns), np.arange(camera.rows), indexing="xy")
    background = brightness(camera, every[0], every[1], np.array([0.0, 0.0, -1.0]))
    return Table(coefficients), np.ascontiguousarray(background, dtype=np.float32)


def brightness(camera: Camera, columns: npt.ArrayLike, rows: npt.ArrayLike, normal: Numbers) -> Numbers:
    """Return what the camera sees, grey levels, (..., 3).

    Args:
        camera: the pad's.
        columns: places, px; (...).
        rows: the same.
        normal: of the skin, towards the camera (z down in the pad frame); (..., 3).
    """
    pixel_x, pixel_y = camera.pixel_m
    x = (np.asarray(columns, dtype=np.float64) - 0.5 * (camera.columns - 1)) * pixel_x
    y = (np.asarray(rows, dtype=np.float64) - 0.5 * (camera.rows - 1)) * pixel_y
    seen = np.zeros((*np.broadcast_shapes(x.shape, normal.shape[:-1]), 3))
    share = np.full((3, 3), CROSSTALK) + (1.0 - 3.0 * CROSSTALK) * np.eye(3)
    for lamp, angle in enumerate(ANGLES_RAD):
        seen += _lambert(camera, angle, x, y, normal)[..., None] * share[lamp]
    return GREY_LEVEL * (AMBIENT + (1.0 - AMBIENT) * seen)


def _lambert(camera: Camera, angle: float, x: Numbers, y: Numbers, normal: Numbers) -> Numbers:
    """Light of one lamp that the skin throws back; 1 in the middle of the flat pad."""
    far = DISTANCE * 0.5 * np.hypot(camera.width_m, camera.height_m)
    lamp = far * np.array(
        [np.cos(ELEVATION_RAD) * np.cos(angle), np.cos(ELEVATION_RAD) * np.sin(angle), -np.sin(ELEVATION_RAD)]
    )
    to_x, to_y, to_z = lamp[0] - x, lamp[1] - y, lamp[2]
    squared = to_x**2 + to_y**2 + to_z**2
    cosine = (normal[..., 0] * to_x + normal[..., 1] * to_y + normal[..., 2] * to_z) / np.sqrt(squared)
    return np.maximum(cosine, 0.0) * far**2 / squared / np.sin(ELEVATION_RAD)


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
