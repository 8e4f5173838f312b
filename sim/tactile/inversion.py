"""From a picture back to depth: photometric inversion of the look-up table, then integration of the slopes.

Each pixel's colour difference to the untouched pad is looked up in the table the other way round (the nearest entry,
as GelSight's reconstruction does: Yuan, Dong, Adelson, Sensors 17, 2017). The surface whose slopes are closest in the
least squares is the solution of a Poisson equation with free borders, solved by cosine transforms (Frankot and
Chellappa, IEEE PAMI 10, 1988, with cosines instead of exponentials). Needs scipy, no numba.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.fft import dctn, idctn
from scipy.spatial import KDTree

from sim.tactile.sensor import Array, Camera
from sim.tactile.table import Table, bin_centres

THRESHOLD = 6.0
"""Grey levels (root of the sum of squares over the channels) below which a pixel counts as untouched: three times the
noise of an 8-bit camera, about 2 in each channel."""
STEEPEST_RAD = np.radians(70.0)
"""Steeper slopes are not looked for: a gel's skin does not follow them, and their colours are ambiguous."""
TILES = 8
"""Along each axis: within one the table is taken at its middle."""

Numbers = npt.NDArray[np.float64]


class DepthFromColour:
    """Estimates the indentation from pictures of one pad."""

    def __init__(self, camera: Camera, table: Table) -> None:
        """Turn the table round; takes about a second.

        Args:
            camera: the pad's.
            table: its calibration.
        """
        self._camera = camera
        slopes, coefficients = _entries(table)
        self._slopes = slopes
        self._tiles = []
        for rows in np.array_split(np.arange(camera.rows), TILES):
            for columns in np.array_split(np.arange(camera.columns), TILES):
                x, y = columns.mean(), rows.mean()
                colours = coefficients @ np.array([x * x, y * y, x * y, x, y, 1.0])  # (entries, 3)
                self._tiles.append((slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1), KDTree(colours)))
        self._inverse = _inverse_laplacian(camera)

    def slopes(self, difference: Array) -> tuple[Numbers, Numbers]:
        """Return dh/dx and dh/dy, (rows, columns) each.

        Args:
            difference: picture minus untouched pad, grey levels; (rows, columns, 3).
        """
        across, down = np.zeros(difference.shape[:2]), np.zeros(difference.shape[:2])
        changed = _changed(difference)
        for rows, columns, tree in self._tiles:
            where = changed[rows, columns]
            if where.any():
                _, nearest = tree.query(difference[rows, columns][where])
                across[rows, columns][where] = self._slopes[nearest, 0]
                down[rows, columns][where] = self._slopes[nearest, 1]
        return across, down

    def depth(self, difference: Array) -> Array:
        """Return the indentation, m, (rows, columns), from a difference as in ``slopes``.

        A surface is known from its slopes up to its height: where the colour has not changed its median is 0.
        """
        across, down = self.slopes(difference)
        transformed = np.asarray(dctn(self._divergence(across, down))) * self._inverse
        height = np.asarray(idctn(transformed))
        untouched = ~_changed(difference)
        if untouched.any():
            height -= np.median(height[untouched])
        return np.maximum(height, 0.0).astype(np.float32)

    def _divergence(self, across: Numbers, down: Numbers) -> Numbers:
        """Return -D^T g, with D the differences of neighbours and g the slopes half-way between them."""
        pixel_x, pixel_y = self._camera.pixel_m
        total = np.zeros_like(across)
        between = 0.5 * (across[:, 1:] + across[:, :-1]) / pixel_x
        total[:, :-1] += between
        total[:, 1:] -= between
        between = 0.5 * (down[1:] + down[:-1]) / pixel_y
        total[:-1] += between
        total[1:] -= between
        return total


def _changed(difference: Array) -> npt.NDArray[np.bool_]:
    return np.square(difference).sum(axis=2) > THRESHOLD**2


def _entries(table: Table) -> tuple[Numbers, Numbers]:
    """Return the slopes of all entries, (entries, 2), and their coefficients, (entries, 3, 6)."""
    steepness, direction = bin_centres(table.bins)
    usable = steepness < STEEPEST_RAD
    m, theta = np.meshgrid(steepness[usable], direction, indexing="ij")
    slopes = np.stack([np.tan(m) * np.cos(theta), np.tan(m) * np.sin(theta)], axis=-1)
    coefficients = table.coefficients[usable].astype(np.float64)
    return slopes.reshape(-1, 2), coefficients.reshape(-1, 3, 6)


def _inverse_laplacian(camera: Camera) -> Numbers:
    """Return one over the eigenvalues of -D^T D under the cosine transform, m^2; 0 for the mean; (rows, columns)."""
    pixel_x, pixel_y = camera.pixel_m
    down = (2.0 * np.cos(np.pi * np.arange(camera.rows) / camera.rows) - 2.0) / pixel_y**2
    across = (2.0 * np.cos(np.pi * np.arange(camera.columns) / camera.columns) - 2.0) / pixel_x**2
    eigenvalues = down[:, None] + across[None, :]
    eigenvalues[0, 0] = -np.inf
    return 1.0 / eigenvalues
