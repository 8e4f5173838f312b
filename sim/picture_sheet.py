"""Sheets of pictures: tiles of one size with captions, in rows, as a PNG."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from sim.errors import ConfigError
from sim.files import require_writable, write_atomic

_INK, _CHALK = (40, 44, 52), (235, 238, 242)
_CORNER, _TEXT_PX = (16, 12), 20

Picture = NDArray[np.uint8]


def require_png(path: Path) -> None:
    """Check that a sheet can be written, before anything is drawn.

    Raises:
        ConfigError: for a file of another kind.
        StorageError: if it cannot be written.
    """
    if path.suffix.lower() != ".png":
        raise ConfigError(f"--out {path}: expected a name that ends in .png")
    require_writable(path)


def captioned(picture: Picture, caption: str) -> Picture:
    """Return a picture with a line of text in its upper left corner, dark on light or light on dark."""
    image, font = Image.fromarray(picture), ImageFont.load_default(_TEXT_PX)
    left, top, right, bottom = ImageDraw.Draw(image).textbbox(_CORNER, caption, font)
    behind = picture[int(top) : int(bottom) + 1, int(left) : int(right) + 1]
    ImageDraw.Draw(image).text(_CORNER, caption, _INK if behind.mean() > 100.0 else _CHALK, font)
    return np.asarray(image)


def resized(picture: Picture, width: int, height: int, smooth: bool = True) -> Picture:
    """Return a picture in another size, smoothed or with its pixels to be seen."""
    how = Image.Resampling.LANCZOS if smooth else Image.Resampling.NEAREST
    return np.asarray(Image.fromarray(picture).resize((width, height), how))


def sheet(tiles: list[Picture], columns: int) -> Picture:
    """Return the tiles in rows of at most so many, white where there are none."""
    columns = min(columns, len(tiles))
    blank = np.full_like(tiles[0], 255)
    filled = tiles + [blank] * (-len(tiles) % columns)
    return np.vstack([np.hstack(filled[k : k + columns]) for k in range(0, len(filled), columns)])


def save_png(path: Path, picture: Picture) -> None:
    """Write a picture; an older one is replaced.

    Raises:
        StorageError: if it cannot be written.
    """
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG", optimize=True)
    write_atomic(path, buffer.getvalue())
