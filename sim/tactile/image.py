"""What the camera behind a gel sees: height map, skin, colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from sim.errors import ConfigError
from sim.tactile.field import ForceField
from sim.tactile.kernels.height import fill_heights
from sim.tactile.kernels.markers import draw_dots
from sim.tactile.kernels.picture import paint
from sim.tactile.lights import Lamps, default_calibration
from sim.tactile.markers import Markers, moved
from sim.tactile.sensor import Array, Camera, Pad
from sim.tactile.shadows import darkening, lamp_rows
from sim.tactile.shapes import Surface, checked_sizes, pack, pack_triangles, per_object, rotation
from sim.tactile.table import Table

SKIN_SIGMAS_M = (0.90e-3, 0.46e-3, 0.24e-3, 0.10e-3)
"""Widths of the blurs that make the skin bridge edges: Taxim's kernels of 201, 101, 51 and 21 px at its 0.0295 mm/px,
with OpenCV's rule sigma = 0.3 ((n - 1) / 2 - 1) + 0.8 px. Its two narrowest, below a pixel here, are left out."""
BLUR_REACH = 3
"""Of the binomial blur and the slope after it, px."""


@dataclass(frozen=True)
class Parts:
    """What a camera's kernels need to know besides poses.

    Attributes:
        kinds: of the objects, as ``shapes.pack``; (objects,).
        sizes: their lengths, m; (objects, 3).
        meshes: their surfaces, as ``shapes.pack_triangles``.
        half_widths: of the boxes that blur the skin, px.
        lamps: as ``shadows.lamp_rows``.
        darkening: as ``shadows.darkening``.
    """

    kinds: npt.NDArray[np.int32]
    sizes: npt.NDArray[np.float64]
    meshes: tuple[npt.NDArray, npt.NDArray, npt.NDArray]
    half_widths: npt.NDArray[np.int64]
    lamps: npt.NDArray[np.float64]
    darkening: float


class TactileCamera:
    """Renders a batch of pads under the same kinds of objects.

    Attributes:
        camera: the pad's, with the number of pixels that is rendered.
        indentation: of the last picture, before the skin's smoothing, m; (num_pads, rows, columns).
        skin: after it; the same shape.
        image: (num_pads, rows, columns, 3) of uint8, red green blue.
        untouched: the picture of the untouched pad, markers and all; (rows, columns, 3) of uint8.
    """

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
    ) -> None:
        """Prepare.

        Args:
            pad: the sensor.
            objects: what can touch it.
            num_pads: size of the batch.
            calibration: table and background, (rows, columns, 3), of whole pictures; default:
                ``lights.default_calibration``.
            size: rows and columns of smaller pictures of the same footprint, whole fractions of the camera's; default:
                the camera's own.
            shadows: the lamps that cast them; default: no shadows.
            markers: dots on the skin; default: none.

        Raises:
            ConfigError: for a pad without a camera, an empty batch, a background of another size or a size that is no
                fraction.
        """
        if num_pads < 1:
            raise ConfigError(f"a batch needs at least one pad, not {num_pads}")
        whole = camera_of(pad)
        table, background = calibration or default_calibration(whole)
        if background.shape != (whole.rows, whole.columns, 3):
            raise ConfigError(
                f"the background is {background.shape}, {pad.title} has pictures of {(whole.rows, whole.columns, 3)}"
            )
        self._pad, self._markers = pad, markers
        self.camera, self.table, self.background = whole, table, np.ascontiguousarray(background, dtype=np.float32)
        if size is not None and tuple(size) != (whole.rows, whole.columns):
            self._shrink(pad.title, *size)
        camera = self.camera
        self._thickness = pad.gel.thickness_m
        packed = pack(objects)
        self._kinds = np.tile(packed.kinds, (num_pads, 1))
        self._sizes = np.tile(packed.sizes.astype(np.float64), (num_pads, 1, 1))
        self._meshes = pack_triangles(objects)
        batch = (num_pads, camera.rows, camera.columns)
        self.indentation, self.skin = np.zeros(batch, np.float32), np.zeros(batch, np.float32)
        self.image = np.zeros((*batch, 3), np.uint8)
        self._prepare_skin()
        self._lamps, self._darkening = lamp_rows(shadows), darkening(shadows)
        self._dark = np.float32(-self._darkening) * self.background
        self._flat = self._flat_picture()
        self.untouched = self._flat.copy()
        self._draw_markers(self.untouched[None], None)

    def set_sizes(self, pads: npt.ArrayLike, number: int, sizes: npt.ArrayLike) -> None:
        """Give an object other lengths under some pads, as ``ForceField.set_sizes``.

        Args:
            pads: indices or a mask.
            number: of the object.
            sizes: padded to three lengths, as ``Shape.padded_size``, m; (3,) or (pads, 3).

        Raises:
            ConfigError: for lengths that are negative or no numbers.
        """
        self._sizes[np.asarray(pads), number] = checked_sizes(sizes)

    def render(
        self, positions: npt.ArrayLike, quaternions: npt.ArrayLike, field: ForceField | None = None
    ) -> npt.NDArray[np.uint8]:
        """Return pictures, the array ``image``, overwritten by the next call.

        Args:
            positions: of the objects in the pad frame, m; (num_pads, objects, 3).
            quaternions: object to pad, wxyz; (num_pads, objects, 4).
            field: what the gels feel, which moves the markers; default: they stay where they are.

        Raises:
            ConfigError: for arrays of another size.
        """
        batch = self._kinds.shape
        places, turned = per_object(positions, batch, 3), rotation(per_object(quaternions, batch, 4))
        fill_heights(
            self._kinds, self._sizes, np.ascontiguousarray(places), np.ascontiguousarray(turned), *self._meshes,
            *self.camera.pixel_m, self._thickness, self.indentation,
        )  # fmt: skip
        return self.shade(self.indentation, field)

    def shade(self, indentation: Array, field: ForceField | None = None) -> npt.NDArray[np.uint8]:
        """Return pictures of height maps, m, (num_pads, rows, columns), as ``render`` does.

        Raises:
            ConfigError: for height maps of another size.
        """
        if np.shape(indentation) != self.skin.shape:
            raise ConfigError(f"height maps are {np.shape(indentation)}, the camera's are {self.skin.shape}")
        pixel_x, pixel_y = self.camera.pixel_m
        self.skin[:], self.image[:] = 0.0, self._flat
        paint(
            np.ascontiguousarray(indentation, dtype=np.float32), pixel_x, pixel_y, self._reach, self._half_widths,
            self.table.coefficients, self.background, self._lamps, self._dark, self.skin, self.image,
        )  # fmt: skip
        self._draw_markers(self.image, field)
        return self.image

    def parts(self) -> Parts:
        """Return what another device needs to render the same."""
        return Parts(self._kinds[0], self._sizes[0], self._meshes, self._half_widths, self._lamps, self._darkening)

    def _draw_markers(self, image: npt.NDArray[np.uint8], field: ForceField | None) -> None:
        markers = self._markers
        if markers is None:
            return
        rest = np.tile(markers.positions, (len(image), 1, 1))
        places = rest if field is None else moved(markers, self._pad, field)
        draw_dots(places, markers.radius_m, markers.level, *self.camera.pixel_m, image)

    def _flat_picture(self) -> npt.NDArray[np.uint8]:
        """Return what the table says of a flat skin, plus the background."""
        y, x = np.mgrid[0 : self.camera.rows, 0 : self.camera.columns].astype(np.float32)
        flat = self.table.coefficients[0, (self.table.bins - 1) // 2]  # (3, 6)
        basis = np.stack([x * x, y * y, x * y, x, y, np.ones_like(x)], axis=-1)
        return np.clip(basis @ flat.T + self.background, 0.0, 255.0).astype(np.uint8)

    def _shrink(self, title: str, rows: int, columns: int) -> None:
        """Change to smaller pictures: pixels are as many times larger as they are fewer."""
        camera = self.camera
        if rows < 1 or columns < 1 or camera.rows % rows or camera.columns % columns:
            raise ConfigError(
                f"pictures of {columns} x {rows}: {title}'s are {camera.columns} x {camera.rows}, or whole fractions"
            )
        down, across = camera.rows // rows, camera.columns // columns
        self.camera = replace(camera, rows=rows, columns=columns)
        self.table = self.table.coarser(across, down)
        blocks = self.background.reshape(rows, down, columns, across, 3)
        self.background = np.ascontiguousarray(blocks.mean(axis=(1, 3)), dtype=np.float32)

    def _prepare_skin(self) -> None:
        """Choose the boxes that blur the skin, and how far they reach."""
        pixel_m = sum(self.camera.pixel_m) / 2.0
        # Two box filters of width w have the variance of a Gaussian: (w^2 - 1) / 6 = sigma^2.
        widths = np.sqrt(6.0 * (np.array(SKIN_SIGMAS_M) / pixel_m) ** 2 + 1.0)
        self._half_widths = np.maximum(np.round((widths - 1.0) / 2.0), 1).astype(np.int64)
        self._reach = int(2 * self._half_widths.sum()) + BLUR_REACH


def camera_of(pad: Pad) -> Camera:
    """Return a pad's camera.

    Raises:
        ConfigError: if it has none.
    """
    if pad.camera is None:
        raise ConfigError(f"{pad.title} has no camera and so no picture")
    return pad.camera
