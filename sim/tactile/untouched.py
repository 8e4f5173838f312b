"""The picture of the untouched pad that lies beside a published look-up table, as a file of its own.

Tables are polynomials in pixels (``table``): one that was measured in pictures with more pixels than the pad's fits
only pictures with so many, so that table and picture are made coarser together.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sim.errors import ConfigError
from sim.tactile.calibration import Calibration
from sim.tactile.image import camera_of
from sim.tactile.sensor import Pad

MOST_BYTES = 50_000_000
"""Larger files are refused unread."""


def with_untouched(calibration: Calibration, path: Path, pad: Pad) -> Calibration:
    """Return a calibration with the untouched pad's picture from a file.

    Args:
        calibration: whose table was measured in pictures of that size.
        path: of a picture as large as the pad's, or a whole multiple of that.
        pad: the sensor.

    Raises:
        ConfigError: for a file that is no picture, or has another size; the message names it.
    """
    camera = camera_of(pad)
    levels = _read(path).astype(np.float32)
    factor = levels.shape[0] // camera.rows
    if factor < 1 or levels.shape[:2] != (factor * camera.rows, factor * camera.columns):
        raise ConfigError(
            f"{path} has {levels.shape[1]} x {levels.shape[0]} pixels, {pad.title}'s pictures have"
            f" {camera.columns} x {camera.rows}, or a whole multiple of that"
        )
    blocks = levels.reshape(camera.rows, factor, camera.columns, factor, 3)
    return replace(calibration, table=calibration.table.coarser(factor, factor), background=blocks.mean(axis=(1, 3)))


def _read(path: Path) -> npt.NDArray[np.uint8]:
    from PIL import Image

    try:
        if path.stat().st_size > MOST_BYTES:
            raise ConfigError(f"{path}: larger than {MOST_BYTES // 10**6} MB")
        with Image.open(path) as image:
            return np.asarray(image.convert("RGB"))
    except OSError as error:
        raise ConfigError(f"{path} {_reason(error)}") from None
    except (ValueError, SyntaxError, Image.DecompressionBombError):  # what Pillow raises for broken files
        raise ConfigError(f"{path} is no picture") from None


def _reason(error: OSError) -> str:
    return "is no picture" if error.strerror is None else f"cannot be read: {error.strerror}"
