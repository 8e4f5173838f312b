"""The law from slope and place to colour that all presses of a pad have in common.

Under fixed lamps the light that a convex matt skin throws back is nearly a second-order spherical harmonic of its
normal (Basri and Jacobs, "Lambertian Reflectance and Linear Subspaces", IEEE PAMI 25, 2003); one order more is kept
for skins that are not quite matt. Over the picture every coefficient changes as the published tables let it: by a
polynomial of second order. Both together are linear in their coefficients, are fitted to the pixels of all presses at
once, and say what slopes look like that no ball has shown, which bins filled one by one cannot.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter1d

from sim.tactile.sensor import Camera
from sim.tactile.table import COEFFICIENTS, Table, bin_centres

RIDGE = 1e-5
"""Penalty on every coefficient, per pixel: what the pictures do not say stays small. Chosen on synthetic pads, where
it is best for slopes steeper than any that the ball showed."""
SPREAD_BINS = 2.0
"""Width of the Gaussian over which a bin's own pixels and its neighbours' are averaged."""
PRIOR_PIXELS = 20.0
"""With so many pixels the bins' own colour counts as much as the law."""

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Pixels:
    """Pixels inside contacts, whose slopes are known.

    Attributes:
        place: (column, row), px; (pixels, 2).
        normal: x and y of the skin's normal towards the camera; (pixels, 2).
        colour: difference to the untouched pad, grey levels; (pixels, 3).
    """

    place: Numbers
    normal: Numbers
    colour: Numbers


class ColourLaw:
    """A fitted law.

    Attributes:
        weights: (functions of the normal, functions of the place, 3).
        limit: difference of colours, grey levels, beyond which a pixel is not the skin's: a marker or dust.
        residual: standard deviation of the pixels it was fitted to, grey levels.
    """

    def __init__(self, camera: Camera, pixels: Pixels, trim: float = 4.0, rounds: int = 3) -> None:
        """Fit; pixels that lie further than the others' spread times ``trim`` off (markers, dust) are left out.

        Args:
            camera: the pad's.
            pixels: of all presses.
            trim: standard deviations, estimated from the median.
            rounds: of fitting and leaving out.
        """
        self._camera = camera
        features = self._features(pixels.place, pixels.normal)
        chosen = np.ones(len(features), bool)
        for _ in range(rounds):
            self.weights = _solve(features[chosen], pixels.colour[chosen])
            off = np.linalg.norm(pixels.colour - features @ self.weights.reshape(-1, 3), axis=1)
            self.limit = trim * 1.4826 * max(float(np.median(off)), 1e-6)
            chosen = off <= self.limit
        self.residual = float(np.sqrt(np.square(off[chosen]).mean() / 3.0))

    def at(self, place: Numbers) -> Callable[[Numbers], Numbers]:
        """Return the law at places, (pixels, 2) as in ``Pixels``.

        It takes normals, (pixels, 2), and returns differences to the untouched pad, grey levels, (pixels, 3).
        """
        there = np.einsum("np,kpc->nkc", _of_place(self._scaled(place)), self.weights)
        return lambda normal: np.einsum("nk,nkc->nc", _of_normal(normal), there)

    def table(self, bins: int, pixels: Pixels) -> Table:
        """Return the law as a look-up table, corrected where pixels of a bin say otherwise.

        Args:
            bins: of the table.
            pixels: of all presses.
        """
        steepness, direction = bin_centres(bins)
        m, theta = np.meshgrid(steepness, direction, indexing="ij")
        normal = np.stack([-np.sin(m) * np.cos(theta), -np.sin(m) * np.sin(theta)], axis=-1).reshape(-1, 2)
        scaled = np.einsum("nk,kpc->ncp", _of_normal(normal), self.weights)
        coefficients = (scaled @ self._to_pixels()).reshape(bins, bins, 3, COEFFICIENTS)
        coefficients[..., -1] += self._corrections(bins, pixels)
        return Table(coefficients.astype(np.float32))

    def _corrections(self, bins: int, pixels: Pixels) -> Numbers:
        """Return what each bin's pixels have beyond the law, grey levels; (bins, bins, 3)."""
        off = pixels.colour - self.at(pixels.place)(pixels.normal)
        good = np.linalg.norm(off, axis=1) <= self.limit
        i, j = _bin(pixels.normal[good], bins)
        sums = np.zeros((bins, bins, 4))
        np.add.at(sums, (i, j), np.column_stack([off[good], np.ones(len(i))]))
        # As sums, not means: 4 pi sigma^2 bins count together. Directions close to a circle.
        sums = gaussian_filter1d(sums, SPREAD_BINS, axis=0, mode="nearest")
        sums = gaussian_filter1d(sums, SPREAD_BINS, axis=1, mode="wrap")
        sums *= 4.0 * np.pi * SPREAD_BINS**2
        corrections = sums[..., :3] / (sums[..., 3:] + PRIOR_PIXELS)
        corrections[0] = 0.0  # flat is flat
        return corrections

    def _features(self, place: Numbers, normal: Numbers) -> Numbers:
        of_normal, of_place = _of_normal(normal), _of_place(self._scaled(place))
        return (of_normal[:, :, None] * of_place[:, None, :]).reshape(len(place), -1)

    def _scaled(self, place: Numbers) -> Numbers:
        """Return places from -1 to 1 over the picture."""
        middle, half = self._frame()
        return (place - middle) / half

    def _frame(self) -> tuple[Numbers, Numbers]:
        half = 0.5 * (np.array([self._camera.columns, self._camera.rows], dtype=np.float64) - 1.0)
        return half, half

    def _to_pixels(self) -> Numbers:
        """Return the matrix that turns coefficients for scaled places into those for pixels, (6, 6)."""
        (mx, my), (hx, hy) = self._frame()
        # x^2, y^2, xy, x, y, 1 of ((column - mx) / hx, (row - my) / hy), written out in columns and rows.
        return np.array(
            [
                [1 / hx**2, 0, 0, -2 * mx / hx**2, 0, mx**2 / hx**2],
                [0, 1 / hy**2, 0, 0, -2 * my / hy**2, my**2 / hy**2],
                [0, 0, 1 / (hx * hy), -my / (hx * hy), -mx / (hx * hy), mx * my / (hx * hy)],
                [0, 0, 0, 1 / hx, 0, -mx / hx],
                [0, 0, 0, 0, 1 / hy, -my / hy],
                [0, 0, 0, 0, 0, 1],
            ]
        )


def _of_normal(normal: Numbers) -> Numbers:
    """Return functions of the normal that are 0 for the flat skin, lowest orders first; (pixels, 15)."""
    u, v = normal.T
    w = 1.0 - np.sqrt(np.maximum(1.0 - u * u - v * v, 0.0))
    first = (u, v, w)
    second = (u * u, u * v, v * v, w * u, w * v)
    third = (u**3, u * u * v, u * v * v, v**3, w * u * u, w * u * v, w * v * v)
    return np.stack([*first, *second, *third], axis=-1)


def _of_place(scaled: Numbers) -> Numbers:
    x, y = scaled.T
    return np.stack([x * x, y * y, x * y, x, y, np.ones_like(x)], axis=-1)


def _solve(features: Numbers, colour: Numbers) -> Numbers:
    """Return ridge-regularised least squares, (functions of the normal, of the place, 3)."""
    penalty = RIDGE * len(features) * np.eye(features.shape[1])
    solution: Numbers = np.linalg.solve(features.T @ features + penalty, features.T @ colour).astype(np.float64)
    return solution.reshape(-1, COEFFICIENTS, 3)


def _bin(normal: Numbers, bins: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return the bins of steepness and direction of normals; (pixels,) each."""
    steepness = np.arcsin(np.linalg.norm(normal, axis=1))
    direction = np.arctan2(-normal[:, 1], -normal[:, 0])  # of the slope, against the normal's
    i = (steepness / (0.5 * np.pi / (bins - 1))).astype(np.intp)
    j = ((direction + np.pi) / (2.0 * np.pi / (bins - 1))).astype(np.intp)
    return np.minimum(i, bins - 1), np.minimum(j, bins - 1)
