"""Tactile pictures on an NVIDIA GPU: poses go to the device, pictures come back when asked for.

Needs the extra ``gpu`` (``pip install 'sim2metal[gpu]'``: Warp). Without a GPU it runs on Warp's CPU device, far
slower than ``image.py``: that is for tests.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.tactile import warp_heights, warp_picture
from sim.tactile.field import ForceField
from sim.tactile.image import TactileCamera
from sim.tactile.lights import Lamps
from sim.tactile.markers import Markers, moved
from sim.tactile.sensor import Array, Pad
from sim.tactile.shapes import Surface
from sim.tactile.table import Table
from sim.tactile.warp_field import WXYZ_TO_XYZW, device_named
from sim.tactile.warp_kernel import wp


class WarpTactileCamera:
    """What ``TactileCamera`` is, on one device; ``set_sizes`` may be called at any time."""

    def __init__(
        self,
        pad: Pad,
        objects: Sequence[Surface | None],
        num_pads: int = 1,
        calibration: tuple[Table, Array] | None = None,
        *,
        size: tuple[int, int] | None = None,
        shadows: Lamps | None = None,
        markers: Markers | None = None,
        device: str | None = None,
    ) -> None:
        """Prepare; arguments and errors as for ``TactileCamera``.

        Args:
            pad: the sensor.
            objects: what can touch it.
            num_pads: size of the batch.
            calibration: table and background.
            size: rows and columns of smaller pictures.
            shadows: the lamps that cast them.
            markers: dots on the skin.
            device: of Warp; default: the first GPU, or the CPU.
        """
        self._host = TactileCamera(pad, objects, 1, calibration, size=size, shadows=shadows, markers=markers)
        self.camera, self.table, self.background = self._host.camera, self._host.table, self._host.background
        self.untouched = self._host.untouched
        self.device, self._pad, self._markers = device_named(device), pad, markers
        parts = self._host.parts()
        self._parts, self._shape = parts, (num_pads, len(objects))
        batch = (num_pads, self.camera.rows, self.camera.columns)
        self._sizes_host = np.tile(parts.sizes.astype(np.float32), (num_pads, 1, 1))
        self._kinds = self._array(np.tile(parts.kinds, (num_pads, 1)), wp.int32)
        self._sizes = self._array(self._sizes_host, wp.vec3f)
        vertices, triangles, firsts = parts.meshes
        self._triangles = len(triangles)
        self._vertices, self._corners = self._array(vertices, wp.vec3f), self._array(triangles, wp.vec3i)
        self._firsts = self._array(firsts, wp.int64)
        self._places, self._turns = self._zeros(self._shape, wp.vec3f), self._zeros(self._shape, wp.quatf)
        self._indentation, self._skin, self._other = (self._zeros(batch, wp.float32) for _ in range(3))
        bins = self.table.bins
        self._table = self._array(self.table.coefficients.reshape(bins, bins, 1, 18), wp.float32)
        self._background = self._array(self.background, wp.float32)
        lamps = len(parts.lamps)
        self._occlusion = self._zeros((num_pads, 3, *batch[1:]) if lamps else (1, 1, 1, 1), wp.float32)
        self._image = self._zeros((*batch, 3), wp.uint8)
        self._pixel = wp.vec2f(*self.camera.pixel_m)

    def set_sizes(self, pads: npt.ArrayLike, number: int, sizes: npt.ArrayLike) -> None:
        """Give an object other lengths under some pads; as ``TactileCamera.set_sizes``."""
        self._sizes_host[np.asarray(pads), number] = sizes
        self._sizes.assign(self._sizes_host)

    def render(
        self, positions: npt.ArrayLike, quaternions: npt.ArrayLike, field: ForceField | None = None
    ) -> npt.NDArray[np.uint8]:
        """Return pictures, a copy on the host; arguments as for ``TactileCamera.render``."""
        self._places.assign(np.asarray(positions, np.float32).reshape(*self._shape, 3))
        turns = np.asarray(quaternions, np.float32).reshape(*self._shape, 4)
        self._turns.assign(np.ascontiguousarray(turns[..., WXYZ_TO_XYZW]))
        self._fill_heights()
        self._smooth()
        for channel, lamp in enumerate(self._parts.lamps):
            self._cast(channel, *lamp)
        self._over_pixels(
            warp_picture.shade, self._skin, self._pixel, self._table, self._background, self._occlusion,
            self._parts.darkening, self._image,
        )  # fmt: skip
        self._draw_markers(field)
        return np.asarray(self._image.numpy(), np.uint8)

    @property
    def indentation(self) -> Array:
        """Of the last picture, before the skin's smoothing, m; (num_pads, rows, columns), a copy."""
        return np.asarray(self._indentation.numpy(), np.float32)

    @property
    def skin(self) -> Array:
        """After it; the same shape, a copy."""
        return np.asarray(self._skin.numpy(), np.float32)

    def _fill_heights(self) -> None:
        thickness = self._pad.gel.thickness_m
        self._over_pixels(
            warp_heights.fill_heights, self._kinds, self._sizes, self._places, self._turns, self._pixel, thickness,
            self._indentation,
        )  # fmt: skip
        if self._triangles:
            self._launch(
                warp_heights.fill_triangles, (self._shape[0], self._triangles), self._kinds, self._places, self._turns,
                self._vertices, self._corners, self._firsts, self._pixel, thickness, self._indentation,
            )  # fmt: skip

    def _smooth(self) -> None:
        wp.copy(self._skin, self._indentation)
        pads, rows, columns = self._skin.shape
        for half in self._parts.half_widths:
            for across, lines in ((0, columns), (1, rows)):
                self._launch(warp_picture.box, (pads, lines), self._skin, int(half), across, self._other)
                self._launch(warp_picture.box, (pads, lines), self._other, int(half), across, self._skin)
            self._over_pixels(warp_picture.restore, self._indentation, self._skin)
        self._over_pixels(warp_picture.blur, self._skin, 1, self._other)
        self._over_pixels(warp_picture.blur, self._other, 0, self._skin)

    def _cast(self, channel: int, x: float, y: float, slope: float, softness: float) -> None:
        """Cast one lamp's shadows, along lines that run towards it."""
        pads, rows, columns = self._skin.shape
        pixel_x, pixel_y = self.camera.pixel_m
        aside = int(abs(y) < abs(x))
        if aside:
            x, y, pixel_x, pixel_y, rows, columns = y, x, pixel_y, pixel_x, columns, rows
        shift = -x / abs(y) * pixel_y / pixel_x
        lamp = wp.vec4f(x, y, slope * pixel_y / abs(y), shift)
        first = 2 + (math.ceil(rows * shift) if shift > 0.0 else 0)
        rays = columns + 5 + math.ceil(rows * abs(shift))
        deep = self._zeros((pads, rows, columns + 1), wp.float32)
        self._launch(warp_picture.cast, (pads, rays), self._skin, lamp, first, aside, deep)
        self._launch(warp_picture.occlude, (pads, rows, columns), deep, lamp, softness, aside, channel, self._occlusion)

    def _draw_markers(self, field: ForceField | None) -> None:
        markers = self._markers
        if markers is None:
            return
        rest = np.tile(markers.positions, (self._shape[0], 1, 1))
        places = rest if field is None else moved(markers, self._pad, field)
        self._launch(
            warp_picture.draw_dots, places.shape[:2], self._array(places, wp.vec2f), markers.radius_m, markers.level,
            self._pixel, self._image,
        )  # fmt: skip

    def _over_pixels(self, kernel: Any, *inputs: Any) -> None:
        self._launch(kernel, self._skin.shape, *inputs)

    def _launch(self, kernel: Any, dim: tuple[int, ...], *inputs: Any) -> None:
        wp.launch(kernel, dim=dim, inputs=list(inputs), device=self.device)

    def _array(self, values: npt.NDArray, dtype: type) -> wp.array:
        return wp.array(values, dtype=dtype, device=self.device)

    def _zeros(self, shape: tuple[int, ...], dtype: type) -> wp.array:
        return wp.zeros(shape, dtype=dtype, device=self.device)
