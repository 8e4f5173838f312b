"""Augmentation of tactile pictures: for each episode a sensor with other colours and another view.

What TacSL (arXiv 2408.06506) does to make policies on pictures transfer: swapped channels, a crop of 0.75 to 1.0 of
the picture, an aspect of 0.9 to 1.1, colour jitter; the policy sees the difference to the untouched pad's picture
changed in the same way. Both are 8-bit pictures before they are subtracted, as on the device
(``hardware.tactile.difference``).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

import numpy as np
import numpy.typing as npt

from sim.errors import ConfigError
from sim.tactile.kernels.augment import change
from sim.tactile.sensor import Array

Pictures = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.float64]

SENT = -128.0, 127.0
"""Differences that fit into 8 bits about 128, as ``hardware.tactile.difference.as_picture`` sends them."""
GREY = np.array([0.299, 0.587, 0.114])
"""Weights of red, green and blue in brightness: ITU-R BT.601."""


@dataclass(frozen=True)
class Ranges:
    """From which each episode's change is drawn, uniformly, the aspect uniformly in its logarithm.

    Attributes:
        permute: whether channels are swapped.
        crop: part of the picture's area that is seen.
        aspect: of the part's sides, relative to the picture's.
        brightness: factor.
        contrast: factor, about the untouched picture's mean grey level.
        saturation: factor.
        hue_rad: largest turn of the colours about the grey axis, either way.
    """

    permute: bool = True
    crop: tuple[float, float] = (0.75, 1.0)
    aspect: tuple[float, float] = (0.9, 1.1)
    brightness: tuple[float, float] = (0.7, 1.3)  # TacSL says no figures for the jitter: these four are assumed
    contrast: tuple[float, float] = (0.7, 1.3)
    saturation: tuple[float, float] = (0.7, 1.3)
    hue_rad: float = 0.3

    def __post_init__(self) -> None:
        for name in ("crop", "aspect", "brightness", "contrast", "saturation"):
            low, high = getattr(self, name)
            if not 0.0 < low <= high:
                raise ConfigError(f"augmentation: {name} {low:g} to {high:g}: expected 0 < lowest <= highest")
        if self.crop[1] > 1.0:
            raise ConfigError(f"augmentation: a crop of {self.crop[1]:g} is more than the picture")


class Augmentation:
    """Changes the pictures of a batch of episodes, each in its own way, until the episode is reset.

    Attributes:
        nominal: the untouched pads' pictures, changed likewise; (num_envs, pads, rows, columns, 3) of uint8.
    """

    def __init__(self, num_envs: int, untouched: Pictures, ranges: Ranges | None = None, seed: int = 0) -> None:
        """Draw the first changes.

        Args:
            num_envs: episodes side by side.
            untouched: pictures of the untouched pads; (pads, rows, columns, 3).
            ranges: of the changes; default: the published ones.
            seed: of the draws.

        Raises:
            ConfigError: for pictures of another shape or type.
        """
        if untouched.ndim != 4 or untouched.shape[3] != 3 or untouched.dtype != np.uint8:
            raise ConfigError(
                f"untouched pictures are {untouched.dtype} {untouched.shape}, expected uint8 (pads, rows, columns, 3)"
            )
        self._ranges, self._random = ranges or Ranges(), np.random.default_rng(seed)
        self._untouched = np.ascontiguousarray(untouched)
        pads = len(untouched)
        self._grey = (untouched.reshape(pads, -1, 3) @ GREY).mean(axis=1)  # (pads,)
        self._windows = np.empty((num_envs, pads, 4), np.float32)  # first column and row, width, height; px
        self._matrices = np.empty((num_envs, pads, 3, 3), np.float32)
        self._offsets = np.empty((num_envs, pads), np.float32)
        self.nominal = np.empty((num_envs, *untouched.shape), np.uint8)
        self.reset()

    def reset(self, ids: npt.ArrayLike | None = None) -> None:
        """Draw new changes for some episodes (indices or a mask), or for all."""
        every = np.arange(len(self.nominal))
        which = every if ids is None else every[np.asarray(ids)]
        shape = (len(which), len(self._untouched))
        self._windows[which] = self._draw_windows(shape)
        self._matrices[which], self._offsets[which] = self._draw_colours(shape)
        pictures = np.broadcast_to(self._untouched, (len(which), *self._untouched.shape))
        self.nominal[which] = self._changed(pictures, which)

    def __call__(self, pictures: Pictures) -> Pictures:
        """Return changed pictures; (num_envs, pads, rows, columns, 3) of uint8.

        Raises:
            ConfigError: for pictures of another shape or type.
        """
        if pictures.shape != self.nominal.shape or pictures.dtype != np.uint8:
            raise ConfigError(
                f"pictures are {pictures.dtype} {pictures.shape}, the augmentation is for uint8 {self.nominal.shape}"
            )
        return self._changed(pictures, np.arange(len(pictures)))

    def difference(self, pictures: Pictures) -> Array:
        """Return changed pictures minus the changed untouched ones, grey levels, as a device sends them."""
        return np.clip(self(pictures).astype(np.float32) - self.nominal.astype(np.float32), *SENT)

    def _changed(self, pictures: Pictures, which: npt.NDArray[np.int64]) -> Pictures:
        changed = np.empty(pictures.shape, np.uint8)
        change(
            np.ascontiguousarray(pictures), self._windows[which], self._matrices[which], self._offsets[which], changed
        )
        return changed

    def _draw_windows(self, shape: tuple[int, int]) -> Numbers:
        """Return the parts that are seen, (..., 4): where they begin and how large they are, px."""
        rows, columns = self._untouched.shape[1:3]
        area = self._random.uniform(*self._ranges.crop, shape)
        low, high = np.log(self._ranges.aspect)
        aspect = np.exp(self._random.uniform(low, high, shape))
        wide = np.minimum(np.sqrt(area * aspect), 1.0) * columns
        tall = np.minimum(np.sqrt(area / aspect), 1.0) * rows
        left, top = self._random.uniform(size=(2, *shape)) * np.stack([columns - wide, rows - tall])
        return np.stack([left, top, wide, tall], axis=-1)

    def _draw_colours(self, shape: tuple[int, int]) -> tuple[Numbers, Numbers]:
        """Return colour' = matrix colour + offset: channels swapped, then brightness, contrast, saturation, hue.

        Saturation and hue leave grey as it is, so that only contrast has an offset.
        """
        ranges, draw = self._ranges, self._random.uniform
        orders = np.array(list(permutations(range(3)))) if ranges.permute else np.array([[0, 1, 2]])
        swapped = np.eye(3)[orders[self._random.integers(len(orders), size=shape)]]
        bright, contrast, saturation = (
            draw(*limits, shape) for limits in (ranges.brightness, ranges.contrast, ranges.saturation)
        )
        turned = about_grey(draw(-ranges.hue_rad, ranges.hue_rad, shape))
        to_grey = np.broadcast_to(GREY, (3, 3))
        saturated = saturation[..., None, None] * (np.eye(3) - to_grey) + to_grey
        matrices = (bright * contrast)[..., None, None] * (turned @ saturated @ swapped)
        return matrices, bright * (1.0 - contrast) * self._grey


def about_grey(angle: Numbers) -> Numbers:
    """Return rotations about the axis of equal red, green and blue, (..., 3, 3), by angles, rad, (...).

    Rodrigues' formula; as a turn of hue: P. Haeberli, "Matrix Operations for Image Processing", 1993.
    """
    third, side = 1.0 / 3.0, np.sqrt(1.0 / 3.0)
    cross = side * np.array([[0.0, -1.0, 1.0], [1.0, 0.0, -1.0], [-1.0, 1.0, 0.0]])
    c, s = np.cos(angle)[..., None, None], np.sin(angle)[..., None, None]
    return c * np.eye(3) + s * cross + (1.0 - c) * third
