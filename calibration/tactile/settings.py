"""What all presses of a recording share: ``recording.json``, and the command line before it."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from sim.errors import ConfigError

NAME = "recording.json"
MOST_BYTES = 100_000


@dataclass(frozen=True)
class Settings:
    """See the module; ``None`` is not given.

    Attributes:
        pad: name of the sensor.
        ball_radius_mm: of the pressed ball, mm.
        rotate: counter-clockwise turn of the pictures, degrees.
        mm_per_px: size of a pixel along columns and rows, mm; where it is not given the places say it.
    """

    pad: Any = None
    ball_radius_mm: Any = None
    rotate: Any = None
    mm_per_px: Any = None

    def overridden_by(self, other: Settings) -> Settings:
        """Return these settings with those that the other has."""
        given = {field.name: getattr(other, field.name) for field in fields(other)}
        checked = replace(self, **{name: value for name, value in given.items() if value is not None})
        return replace(checked, pad=checked.pad or "gelsight_mini", rotate=checked.rotate or 0)

    @property
    def radius_m(self) -> float | None:
        """Of the ball, m."""
        return None if self.ball_radius_mm is None else self.ball_radius_mm * 1e-3

    @property
    def pixel_m(self) -> tuple[float, float] | None:
        """Size of a pixel, m."""
        return None if self.mm_per_px is None else (self.mm_per_px[0] * 1e-3, self.mm_per_px[1] * 1e-3)

    def check(self, where: str) -> Settings:
        """Return these settings, if they make sense.

        Raises:
            ConfigError: naming the value.
        """
        if self.pad is not None and not isinstance(self.pad, str):
            raise ConfigError(f"{where}: 'pad' must be a name, not {self.pad!r}")
        if self.ball_radius_mm is not None and not _within(self.ball_radius_mm, 0.1, 100.0):
            raise ConfigError(f"{where}: the ball's radius must be 0.1 to 100 mm, not {self.ball_radius_mm!r}")
        if self.rotate not in (None, 0, 90, 180, 270):
            raise ConfigError(f"{where}: 'rotate' must be 0, 90, 180 or 270 degrees, not {self.rotate!r}")
        sizes = self.mm_per_px
        if sizes is not None and not (
            isinstance(sizes, list | tuple) and len(sizes) == 2 and all(_within(size, 1e-4, 10.0) for size in sizes)
        ):
            raise ConfigError(f"{where}: 'mm_per_px' must be two numbers, along columns and rows, not {sizes!r}")
        return self


def read_settings(folder: Path) -> Settings:
    """Read a folder's ``recording.json``; without one, nothing is set.

    Raises:
        ConfigError: naming the file and what is wrong.
    """
    path = folder / NAME
    if not path.exists():
        return Settings()
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ConfigError(f"{path}: larger than {MOST_BYTES} bytes")
        document = json.loads(path.read_text())
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(f"{path} cannot be read: {' '.join(str(error).split())}") from None
    names = [field.name for field in fields(Settings)]
    if not isinstance(document, dict):
        raise ConfigError(f"{path}: expected an object with any of {', '.join(names)}")
    unknown = sorted(set(document) - set(names))
    if unknown:
        raise ConfigError(f"{path}: unknown '{unknown[0]}'; expected any of {', '.join(names)}")
    return Settings(**document).check(str(path))


def _within(value: Any, low: float, high: float) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and math.isfinite(value) and low <= value <= high
