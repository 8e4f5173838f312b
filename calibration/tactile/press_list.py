"""``presses.csv``: which pictures show a press, and what is known of each."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sim.errors import ConfigError

NAME = "presses.csv"
COLUMNS = {
    "x_mm": (-1e3, 1e3),
    "y_mm": (-1e3, 1e3),
    "depth_mm": (1e-3, 10.0),
    "radius_mm": (0.1, 100.0),
    "load_n": (1e-3, 1e3),
}
"""Columns besides ``image``, all optional, with what is possible."""
MOST_BYTES = 1_000_000


@dataclass(frozen=True)
class Press:
    """A ball pressed on a pad; ``None`` is not known.

    Attributes:
        image: name of the picture.
        radius_m: of the ball, m.
        place_m: of the ball on the stage, x and y, m; the stage may be turned and shifted against the picture.
        depth_m: how deep the ball was in the gel, m.
        load_n: force onto the pad, N.
    """

    image: str
    radius_m: float
    place_m: tuple[float, float] | None = None
    depth_m: float | None = None
    load_n: float | None = None


def read_presses(folder: Path, pictures: Sequence[str], radius_m: float | None) -> list[Press]:
    """Read a folder's ``presses.csv``; without one, every picture is a press of which nothing more is known.

    Args:
        folder: of the recording.
        pictures: names of its pictures without the untouched ones.
        radius_m: of the ball, where a line does not say it; ``None``: unknown.

    Raises:
        ConfigError: naming file and line.
    """
    path = folder / NAME
    if not path.exists():
        return [Press(name, _radius(radius_m, str(folder))) for name in pictures]
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ConfigError(f"{path}: larger than {MOST_BYTES} bytes")
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from None
    try:
        reader = csv.DictReader(lines, skipinitialspace=True, strict=True)
        _check_header(path, reader.fieldnames or [])
        presses = [_press(f"{path}, line {reader.line_num}", row, pictures, radius_m) for row in reader]
    except csv.Error as error:
        raise ConfigError(f"{path}: {error}") from None
    names = [press.image for press in presses]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigError(f"{path}: '{twice[0]}' is listed twice")
    return presses


def _check_header(path: Path, header: Sequence[str]) -> None:
    valid = ("image", *COLUMNS)
    unknown = [name for name in header if name not in valid]
    if "image" not in header or unknown:
        what = f"unknown column '{unknown[0]}'" if unknown else "no column 'image'"
        raise ConfigError(f"{path}: {what}; expected image and any of {', '.join(COLUMNS)}")


def _press(where: str, row: dict[str, str], pictures: Sequence[str], radius_m: float | None) -> Press:
    name = (row["image"] or "").strip()
    if name not in pictures:
        raise ConfigError(f"{where}: there is no picture of a press called '{name}'")
    if None in row:
        raise ConfigError(f"{where}: more values than columns")
    values = {column: _number(where, column, row.get(column)) for column in COLUMNS}
    x, y = values["x_mm"], values["y_mm"]
    if (x is None) != (y is None):
        raise ConfigError(f"{where}: a place needs both x_mm and y_mm")
    own = values["radius_mm"]
    depth = values["depth_mm"]
    return Press(
        name,
        _radius(radius_m if own is None else own * 1e-3, where),
        None if x is None or y is None else (x * 1e-3, y * 1e-3),
        None if depth is None else depth * 1e-3,
        values["load_n"],
    )


def _number(where: str, column: str, text: str | None) -> float | None:
    if text is None or not text.strip():
        return None
    low, high = COLUMNS[column]
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not low <= value <= high:
        raise ConfigError(f"{where}: '{column}' must be a number from {low:g} to {high:g}, not '{text.strip()}'")
    return value


def _radius(radius_m: float | None, where: str) -> float:
    if radius_m is None:
        raise ConfigError(f"{where}: the ball's radius is not known; write --radius MM")
    return radius_m
