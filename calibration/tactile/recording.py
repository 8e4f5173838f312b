"""A folder of pictures of a ball pressed on a pad: read, and refused by name where it cannot be used.

``docs/touch-calibration.md`` describes the folder: untouched pictures by their names, ``presses.csv`` with a line per
press, ``recording.json`` for what all of them share.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from calibration.tactile.lighting import gain
from calibration.tactile.press_list import Press, read_presses
from calibration.tactile.settings import Settings, read_settings
from hardware.tactile.folder import picture_files, read_picture
from hardware.tactile.frames import FrameCheck, FrameRefusedError, Picture, fitted
from sim.errors import ConfigError
from sim.tactile.image import camera_of
from sim.tactile.pads import load_pad
from sim.tactile.sensor import Pad

UNTOUCHED = ("untouched", "frame0", "background", "bg")
"""Beginnings of the names of untouched pictures; ``frame0`` is that of the published recordings."""
FEWEST_PRESSES = 6
"""The colours' change over the picture has six coefficients for each slope."""
MOST_PICTURES = 1000
MOST_GAIN = 1.5
"""Lamps and exposure drift by less than that."""

Levels = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Recording:
    """Pictures of one pad.

    Attributes:
        pad: nominal sensor.
        presses: one ball each, in the order of ``pictures``.
        pictures: of the presses, (rows, columns, 3) each, as they came.
        gains: how much brighter each is than the untouched one where nothing touches; (presses, 3).
        background: mean of the untouched pictures, grey levels; (rows, columns, 3).
        noise: standard deviation of a picture's grey levels.
        pixel_m: size of a pixel along columns and rows, m, if the user measured it; else ``None``.
    """

    pad: Pad
    presses: list[Press]
    pictures: list[Picture]
    gains: Levels
    background: Levels
    noise: float
    pixel_m: tuple[float, float] | None

    def picture(self, number: int) -> Levels:
        """Return a press's picture in the light of the untouched one, grey levels, (rows, columns, 3)."""
        return self.pictures[number].astype(np.float32) / self.gains[number]

    def difference(self, number: int) -> Levels:
        """Return a press's picture minus the untouched one, grey levels, (rows, columns, 3)."""
        return self.picture(number) - self.background


def read_recording(folder: Path, given: Settings) -> Recording:
    """Read a folder.

    Args:
        folder: with pictures.
        given: on the command line; goes before what the folder says.

    Raises:
        ConfigError: naming the file, line and cure, if it cannot be used.
    """
    files = picture_files(folder)
    if len(files) > MOST_PICTURES:
        raise ConfigError(f"{folder} holds {len(files)} pictures, more than {MOST_PICTURES}; some dozens are plenty")
    settings = read_settings(folder).overridden_by(given)
    pad = load_pad(settings.pad)
    camera_of(pad)
    untouched = [path for path in files if path.stem.lower().startswith(UNTOUCHED)]
    if not untouched:
        raise ConfigError(
            f"{folder} has no picture of the untouched pad; expected a name that begins with one of {_or(UNTOUCHED)}"
        )
    names = [path.name for path in files if path not in untouched]
    presses = read_presses(folder, names, settings.radius_m)
    if len(presses) < FEWEST_PRESSES:
        raise ConfigError(f"{folder} has {len(presses)} presses, expected at least {FEWEST_PRESSES}: press more places")
    still = np.stack([_picture(path, pad, settings.rotate) for path in untouched]).astype(np.float32)
    pictures = [_picture(folder / press.image, pad, settings.rotate) for press in presses]
    background, noise = still.mean(axis=0), _noise(still, pictures)
    gains = np.stack([gain(picture, background, noise) for picture in pictures])
    for press, found in zip(presses, gains, strict=True):
        if not (found.min() > 1.0 / MOST_GAIN and found.max() < MOST_GAIN):
            raise ConfigError(
                f"{folder / press.image}: {found.mean():.2f} times as bright as the untouched pad; is it the same pad?"
            )
    return Recording(pad, presses, pictures, gains, background, noise, settings.pixel_m)


def _picture(path: Path, pad: Pad, rotate: int) -> Picture:
    camera = camera_of(pad)
    try:
        picture = fitted(read_picture(path), camera.rows, camera.columns, rotate // 90)
        return FrameCheck(camera.rows, camera.columns, frozen_s=0.0).require_good(picture, 0.0)
    except FrameRefusedError as error:
        raise ConfigError(f"{path}: {str(error).removeprefix(f'{path.name}: ')} ({pad.title})") from None


def _noise(still: Levels, pictures: list[Picture]) -> float:
    """Return the standard deviation of a picture's grey levels.

    From repeated untouched pictures; of one alone from its difference to presses, most of whose pixels are untouched
    (1.4826 median absolute deviations are one standard deviation of a Gaussian). Rounding to whole grey levels alone
    makes sqrt(1/12).
    """
    rounding = 12.0**-0.5
    if len(still) > 1:
        return max(float(np.sqrt(np.var(still, axis=0, ddof=1).mean())), rounding)
    spread = [np.median(np.abs(picture.astype(np.float32) - still[0])) for picture in pictures]
    return max(1.4826 * float(np.median(spread)) / 2.0**0.5, rounding)


def _or(names: tuple[str, ...]) -> str:
    return ", ".join(names)
