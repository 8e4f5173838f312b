"""Size of a pixel from balls pressed at known places of a stage, which may be turned and shifted from the picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim.errors import ConfigError

FEWEST_PLACES = 4
"""Three make the fit, one more its residual."""
SPREAD_M = 1e-3
"""Standard deviation that places must have along every direction."""

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Scale:
    """What relates stage and picture.

    Attributes:
        pixel_m: size of a pixel along columns and rows, m.
        turn_rad: of the stage against the picture's columns, rad.
        skew_rad: by how much its axes are not square in the picture, rad; 0 in the ideal.
        residual_m: distance of each place from where the picture shows it, m, NaN where no place is known; (presses,).
    """

    pixel_m: tuple[float, float]
    turn_rad: float
    skew_rad: float
    residual_m: Numbers


def fit_scale(middles: Numbers, places: Numbers) -> Scale:
    """Fit the affine map from places to pictures.

    Args:
        middles: of the balls in the pictures, (column, row), px; (presses, 2).
        places: of the balls on the stage, m, NaN where not known; (presses, 2).

    Raises:
        ConfigError: if there are too few places, or they lie on a line.
    """
    known = np.isfinite(places).all(axis=1)
    if known.sum() < FEWEST_PLACES:
        raise ConfigError(f"{known.sum()} presses with places are too few for a scale; expected {FEWEST_PLACES}")
    there = places[known] - places[known].mean(axis=0)
    if np.linalg.svd(there, compute_uv=False)[-1] < SPREAD_M * np.sqrt(len(there)):
        raise ConfigError("the places of the presses lie nearly on a line or a point: press over the whole pad")
    here = middles[known] - middles[known].mean(axis=0)
    matrix = np.linalg.lstsq(there, here, rcond=None)[0].T  # px per m, (2, 2)
    across, down = matrix
    pixel_m = 1.0 / np.linalg.norm(across), 1.0 / np.linalg.norm(down)
    residual = np.full(len(places), np.nan)
    residual[known] = np.linalg.norm((here - there @ matrix.T) * pixel_m, axis=1)
    cosine = float(across @ down * pixel_m[0] * pixel_m[1])
    return Scale(
        (float(pixel_m[0]), float(pixel_m[1])), float(np.arctan2(-across[1], across[0])),
        float(np.arcsin(np.clip(cosine, -1.0, 1.0))), residual,
    )  # fmt: skip
