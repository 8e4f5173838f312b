"""What the camera behind a gel sees: height map, skin, colours."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from sim.errors import ConfigError
from sim.tactile.kernels.height import trace_heights
from sim.tactile.kernels.shading import blur, shade
from sim.tactile.kernels.smoothing import bridge
from sim.tactile.lights import default_calibration
from sim.tactile.sensor import Array, Camera, Pad
from sim.tactile.shapes import Shape, rotation
from sim.tactile.table import Table

SKIN_SIGMAS_M = (0.90e-3, 0.46e-3, 0.24e-3, 0.10e-3)
"""Widths of the blurs that make the skin bridge edges: Taxim's kernels of 201, 101, 51 and 21 px at its 0.0295 mm/px,
with OpenCV's rule sigma = 0.3 ((n - 1) / 2 - 1) + 0.8 px. Its two narrowest, below a pixel here, are left out."""


class TactileCamera:
    """Renders a batch of pads under the same kinds of objects.

    Attributes:
        indentation: of the last picture, before the skin's smoothing, m; (num_pads, rows, columns).
        skin: after it; the same shape.
        image: (num_pads, rows, columns, 3) of uint8, red green blue.
    """

    def __init__(
        self,
        pad: Pad,
        objects: Sequence[Shape | None],
        num_pads: int = 1,
        calibration: tuple[Table, Array] | None = None,
    ) -> None:
        """Prepare.

        Args:
            pad: the sensor.
            objects: what can touch it.
            num_pads: size of the batch.
            calibration: table and background, (rows, columns, 3); default: ``lights.default_calibration``.

        Raises:
            ConfigError: for a pad without a camera or a background of another size.
        """
        self.camera = camera_of(pad)
        camera = self.camera
        table, background = calibration or default_calibration(camera)
        if background.shape != (camera.rows, camera.columns, 3):
            raise ConfigError(
                f"the background is {background.shape}, {pad.title} has pictures of {(camera.rows, camera.columns, 3)}"
            )
        self.table, self.background = table, np.ascontiguousarray(background, dtype=np.float32)
        self._thickness = pad.gel.thickness_m
        self._kinds = np.tile(np.array([-1 if o is None else o.code for o in objects], np.int32), (num_pads, 1))
        self._sizes = np.tile(
            np.array([(0.0,) * 3 if o is None else o.padded_size for o in objects], np.float64).reshape(-1, 3),
            (num_pads, 1, 1),
        )
        size = (num_pads, camera.rows, camera.columns)
        self.indentation, self.skin = np.zeros(size, np.float32), np.zeros(size, np.float32)
        self.image = np.zeros((*size, 3), np.uint8)
        self._scratch = np.zeros((2, camera.rows, camera.columns), np.float32)
        pixel_m = sum(camera.pixel_m) / 2.0
        # Two box filters of width w have the variance of a Gaussian: (w^2 - 1) / 6 = sigma^2.
        widths = np.sqrt(6.0 * (np.array(SKIN_SIGMAS_M) / pixel_m) ** 2 + 1.0)
        self._half_widths = np.maximum(np.round((widths - 1.0) / 2.0), 1).astype(np.int64)

    def render(self, positions: npt.ArrayLike, quaternions: npt.ArrayLike) -> npt.NDArray[np.uint8]:
        """Return pictures, the array ``image``, overwritten by the next call.

        Args:
            positions: of the objects in the pad frame, m; (num_pads, objects, 3).
            quaternions: object to pad, wxyz; (num_pads, objects, 4).
        """
        places = np.asarray(positions, dtype=np.float64).reshape(*self._kinds.shape, 3)
        turned = rotation(np.asarray(quaternions, dtype=np.float64).reshape(*self._kinds.shape, 4))
        pixel_x, pixel_y = self.camera.pixel_m
        trace_heights(
            self._kinds, self._sizes, np.ascontiguousarray(places), np.ascontiguousarray(turned), pixel_x, pixel_y,
            self._thickness, self.indentation,
        )  # fmt: skip
        return self.shade(self.indentation)

    def shade(self, indentation: Array) -> npt.NDArray[np.uint8]:
        """Return pictures of height maps, m, (num_pads, rows, columns)."""
        self.skin[:] = indentation
        bridge(self.skin, self._half_widths, self._scratch)
        blur(self.skin, self._scratch[0])
        pixel_x, pixel_y = self.camera.pixel_m
        shade(self.skin, pixel_x, pixel_y, self.table.coefficients, self.background, self.image)
        return self.image


def camera_of(pad: Pad) -> Camera:
    """Return a pad's camera.

    Raises:
        ConfigError: if it has none.
    """
    if pad.camera is None:
        raise ConfigError(f"{pad.title} has no camera and so no picture")
    return pad.camera
