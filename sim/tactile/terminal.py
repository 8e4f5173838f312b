"""A pad in a terminal: its picture in half blocks, the force field as arrows whose colour is the normal force."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.style import Style
from rich.text import Text

from sim.tactile.sensor import Taxels
from sim.tactile.tour import Moment

ARROWS = "→↘↓↙←↖↑↗"
"""By direction from x towards y, which points down as in the picture."""
STILL = "•"
"""Pressed, with little shear."""
UNTOUCHED = "·"
LITTLE = 0.1
"""Part of the largest shear so far below which a taxel has no arrow."""
COLD, HOT = np.array([255.0, 237.0, 160.0]), np.array([189.0, 0.0, 38.0])
SMALLEST_N = 1e-4


class TerminalView:
    """Draws moments; scales grow with the largest force so far."""

    def __init__(self, title: str, width: int, height: int) -> None:
        """Prepare.

        Args:
            title: one line.
            width: most of the picture, characters.
            height: most of the picture, lines.
        """
        self._title, self._width, self._height = title, max(width, 8), max(height, 4)
        self._press = self._shear = SMALLEST_N

    def draw(self, moment: Moment) -> RenderableType:
        """Return a moment for ``rich``."""
        field = moment.contact.field
        force = field.force[0]
        self._press = max(self._press, float((-force[:, 2]).max()))
        self._shear = max(self._shear, float(np.hypot(force[:, 0], force[:, 1]).max()))
        total = field.wrench()[0][0]
        sideways = math.hypot(float(total[0]), float(total[1]))
        heading = Text(
            f"{self._title}: {moment.phase}, {max(0.0, -float(total[2])):.2f} N down, {sideways:.2f} N sideways",
            style="bold",
        )
        arrows = self._arrows(field.pad.taxels, force, field.depth[0])
        if moment.picture is None:
            return Group(heading, arrows)
        return Group(heading, Columns([half_blocks(moment.picture, self._width, self._height), arrows], padding=(0, 2)))

    def _arrows(self, taxels: Taxels, force: npt.NDArray[np.float32], depth: npt.NDArray[np.float32]) -> Text:
        text = Text(no_wrap=True)
        for row in range(taxels.rows):
            for column in range(taxels.columns):
                taxel = row * taxels.columns + column
                if depth[taxel] > 0.0:
                    share = min(max(-float(force[taxel, 2]) / self._press, 0.0), 1.0)
                    text.append(self._arrow(force[taxel]) + " ", Style(color=_rgb(COLD + share * (HOT - COLD))))
                else:
                    text.append(UNTOUCHED + " ", "dim")
            text.append("\n")
        return text

    def _arrow(self, force: npt.NDArray[np.float32]) -> str:
        x, y = float(force[0]), float(force[1])
        if math.hypot(x, y) < LITTLE * self._shear:
            return STILL
        return ARROWS[round(math.atan2(y, x) / (math.pi / 4.0)) % 8]


def half_blocks(picture: npt.NDArray[np.uint8], width: int, height: int) -> Text:
    """Return a picture as text: each character shows two pixels, one above the other.

    Args:
        picture: (rows, columns, 3).
        width: most characters.
        height: most lines.
    """
    rows, columns = picture.shape[:2]
    wide = min(width, columns, max(2 * height * columns // rows, 1))
    high = max(round(rows * wide / columns / 2.0), 1) * 2
    y = np.minimum((np.arange(high) + 0.5) * rows / high, rows - 1).astype(int)
    x = np.minimum((np.arange(wide) + 0.5) * columns / wide, columns - 1).astype(int)
    small = picture[y[:, None], x]
    text = Text(no_wrap=True)
    for upper, lower in zip(small[::2], small[1::2]):
        for above, below in zip(upper, lower):
            text.append("▀", Style(color=_rgb(above), bgcolor=_rgb(below)))
        text.append("\n")
    return text


def _rgb(colour: npt.NDArray) -> str:
    red, green, blue = (int(part) for part in colour)
    return f"#{red:02x}{green:02x}{blue:02x}"
