"""What calibrating one's own sensor found: table, untouched picture, scale and stiffness, in one file.

The file is the published one of ``table`` (other readers of it pass over what they do not know) with up to four more
arrays: ``background`` (rows, columns, 3), ``pixel_m`` (2,), ``stiffness_n_m3`` and ``pad``, the sensor's name. A
published file without them reads as well, and what is missing is the nominal pad's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from sim.errors import ConfigError
from sim.tactile.lights import default_calibration
from sim.tactile.sensor import Array, Camera, Pad
from sim.tactile.table import CHANNELS, Table, checked_table, read_arrays, write_arrays

EXTRAS = ("background", "pixel_m", "stiffness_n_m3", "pad")


@dataclass(frozen=True)
class Calibration:
    """Of one sensor; ``None`` is what nobody has measured.

    Attributes:
        table: from slope and place to colour.
        background: picture of the untouched pad, grey levels, 0 to 255; (rows, columns, 3).
        pixel_m: size of a pixel on the gel along columns and rows, m.
        stiffness_n_m3: of the force field, N/m^3.
        pad: name of the sensor that it is of.
        name: what messages call it.
    """

    table: Table
    background: Array | None = None
    pixel_m: tuple[float, float] | None = None
    stiffness_n_m3: float | None = None
    pad: str | None = None
    name: str = "calibration"

    def of(self, pad: Pad) -> Pad:
        """Return the pad with the measured size of its pixels, and so of its footprint.

        Raises:
            ConfigError: if the pad's pictures have another size, or it has no camera.
        """
        camera = self._camera(pad)
        if self.pixel_m is None:
            return pad
        width, height = self.pixel_m[0] * camera.columns, self.pixel_m[1] * camera.rows
        return replace(pad, camera=replace(camera, width_m=width, height_m=height), size_m=(width, height))

    def pictures(self, pad: Pad) -> tuple[Table, Array]:
        """Return table and background for ``image.TactileCamera``; an unknown background is a made-up one.

        Half a grey level is added to a measured one: the renderer cuts fractions off, as published ones do, and a
        camera's mean picture has lost none.

        Raises:
            ConfigError: if the pad's pictures have another size, or it has no camera.
        """
        camera = self._camera(pad)
        if self.background is None:
            return self.table, default_calibration(camera)[1]
        return self.table, self.background + np.float32(0.5)

    def _camera(self, pad: Pad) -> Camera:
        camera = pad.camera
        if camera is None:
            raise ConfigError(f"{self.name} is of pictures, and {pad.title} has no camera")
        if self.pad not in (None, pad.name):
            raise ConfigError(f"{self.name} is of a {self.pad}, not of a {pad.name}")
        if self.background is not None and self.background.shape[:2] != (camera.rows, camera.columns):
            rows, columns = self.background.shape[:2]
            raise ConfigError(
                f"{self.name} is of pictures of {columns} x {rows}, {pad.title} has {camera.columns} x {camera.rows}"
            )
        return camera


def read_calibration(path: Path | str) -> Calibration:
    """Read a file of this or of the published format.

    Raises:
        ConfigError: if it is none; the message names the file and what is wrong.
    """
    path = Path(path)
    arrays = read_arrays(path, ("bins", *CHANNELS, *EXTRAS))
    table = checked_table(path, arrays)
    background = pixel_m = stiffness = None
    if "background" in arrays:
        background = _numbers(path, arrays, "background", 0.0, 255.0)
        if background.ndim != 3 or background.shape[2] != 3 or 0 in background.shape:
            raise ConfigError(f"calibration {path}: 'background' is {background.shape}, expected (rows, columns, 3)")
    if "pixel_m" in arrays:
        sizes = _numbers(path, arrays, "pixel_m", 1e-7, 1e-2)
        if sizes.shape != (2,):
            raise ConfigError(f"calibration {path}: 'pixel_m' is {sizes.shape}, expected (2,)")
        pixel_m = float(sizes[0]), float(sizes[1])
    if "stiffness_n_m3" in arrays:
        value = _numbers(path, arrays, "stiffness_n_m3", 1.0, 1e15)
        if value.size != 1:
            raise ConfigError(f"calibration {path}: 'stiffness_n_m3' must be one number")
        stiffness = float(value.reshape(()))
    if background is not None:
        background = np.ascontiguousarray(background, dtype=np.float32)
    return Calibration(table, background, pixel_m, stiffness, _pad(path, arrays), f"calibration {path}")


def write_calibration(path: Path | str, calibration: Calibration) -> None:
    """Write a file that ``read_calibration`` and readers of the published format read.

    Raises:
        StorageError: if that is not possible.
    """
    known = {name: getattr(calibration, name) for name in EXTRAS}
    write_arrays(path, calibration.table, {name: np.array(v) for name, v in known.items() if v is not None})


def _pad(path: Path, arrays: dict[str, np.ndarray]) -> str | None:
    if "pad" not in arrays:
        return None
    array = arrays["pad"]
    if array.dtype.kind != "U" or array.size != 1 or not str(array.reshape(())[()]).isidentifier():
        raise ConfigError(f"calibration {path}: 'pad' must be a sensor's name")
    return str(array.reshape(())[()])


def _numbers(path: Path, arrays: dict[str, np.ndarray], name: str, low: float, high: float) -> np.ndarray:
    array = arrays[name]
    if array.dtype.kind not in "iuf" or not np.isfinite(array).all():
        raise ConfigError(f"calibration {path}: '{name}' holds what are no numbers")
    if array.size and not (low <= array.min() and array.max() <= high):
        raise ConfigError(f"calibration {path}: '{name}' must lie within {low:g} and {high:g}")
    return array
