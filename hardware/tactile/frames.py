"""What a picture must be before anybody sees it: the right size, of 8 bits, not black, not frozen."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from sim.errors import Sim2MetalError

Picture = npt.NDArray[np.uint8]
"""(rows, columns, 3), red green blue."""
BLACK_LEVEL = 4.0
"""Mean grey level below which a picture counts as black: a lamp that is off or a covered lens; lit pads have dozens."""


class FrameRefusedError(Sim2MetalError):
    """A picture that cannot be what its sensor sees; counted and reported, never used."""


class FrameCheck:
    """Looks at each picture of one source.

    Args:
        rows: height of a picture, px.
        columns: width, px.
        frozen_s: pictures that stay the same to the last bit for this long are refused, as a real camera has noise;
            0: never.
    """

    def __init__(self, rows: int, columns: int, frozen_s: float) -> None:
        self._shape, self._frozen_s = (rows, columns, 3), frozen_s
        self._last: Picture | None = None
        self._changed_s = 0.0

    def require_good(self, picture: Any, time_s: float) -> Picture:
        """Return the picture, if it is one.

        Args:
            picture: as it came.
            time_s: of its arrival, on a clock that never goes back.

        Raises:
            FrameRefusedError: saying why not.
        """
        if not isinstance(picture, np.ndarray) or picture.dtype != np.uint8:
            raise FrameRefusedError(f"a picture must be 8-bit numbers, not {getattr(picture, 'dtype', type(picture))}")
        if picture.shape != self._shape:
            turned = ": turn it (rotate: 90 or 270)" if _turned(picture.shape) == self._shape else ""
            raise FrameRefusedError(f"picture of {size(picture.shape)}, expected {size(self._shape)}{turned}")
        if picture.mean() < BLACK_LEVEL:
            raise FrameRefusedError(f"black picture (mean {picture.mean():.1f} of 255): lamps off or lens covered?")
        if self._last is None or not np.array_equal(picture, self._last):
            self._last, self._changed_s = picture.copy(), time_s
        elif self._frozen_s > 0.0 and time_s - self._changed_s > self._frozen_s:
            raise FrameRefusedError(f"frozen picture: the same for {time_s - self._changed_s:.1f} s")
        return picture


def _turned(shape: tuple[int, ...]) -> tuple[int, ...]:
    return (*shape[1::-1], *shape[2:])


def size(shape: tuple[int, ...]) -> str:
    """Return a picture's size as people write it: width x height, and channels unless they are three."""
    if len(shape) < 2:
        return f"{len(shape)} dimensions"
    channels = shape[2] if len(shape) > 2 else 1
    return f"{shape[1]} x {shape[0]}" + ("" if channels == 3 else f" with {channels} channels")


def fitted(picture: Picture, rows: int, columns: int, quarter_turns: int) -> Picture:
    """Return a picture turned, and averaged down where it is a whole multiple of the wanted size; else only turned.

    Args:
        picture: (any rows, any columns, 3).
        rows: wanted height, px.
        columns: wanted width, px.
        quarter_turns: counter-clockwise.
    """
    if picture.ndim != 3:
        return picture
    turned = np.rot90(picture, quarter_turns)
    blocks = averaged(turned, rows, columns)
    return np.ascontiguousarray(turned) if blocks is None else np.round(blocks).astype(np.uint8)


def averaged(picture: npt.NDArray, rows: int, columns: int) -> npt.NDArray[np.float64] | None:
    """Return the means over square blocks, (rows, columns, channels); ``None`` if it is no whole multiple of that.

    Args:
        picture: (factor rows, factor columns, channels), the factor at least 2.
        rows: wanted height, px.
        columns: wanted width, px.
    """
    factor = picture.shape[0] // rows
    if factor < 2 or picture.shape[:2] != (factor * rows, factor * columns):
        return None
    return picture.reshape(rows, factor, columns, factor, picture.shape[2]).mean(axis=(1, 3))
