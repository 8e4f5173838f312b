"""Look-up tables from slope and place to colour: the published file format, read with every doubt raised.

A file is a NumPy archive with ``bins`` and ``grad_r``, ``grad_g``, ``grad_b`` of shape (bins, bins, 6), as Taxim and
TacSL publish theirs: steepness x direction x coefficients of x^2, y^2, xy, x, y, 1 (x column, y row, in pixels).
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sim.errors import ConfigError
from sim.files import write_atomic
from sim.tactile.sensor import Array

CHANNELS = ("grad_r", "grad_g", "grad_b")
COEFFICIENTS = 6
MAX_BINS = 1024
MAX_BYTES = 200_000_000
"""Larger files are refused unread: 1024 bins in double precision would be 150 MB."""


@dataclass(frozen=True)
class Table:
    """Colour, as a difference to the background, by slope and place.

    Attributes:
        coefficients: (bins, bins, 3, 6) of float32.
    """

    coefficients: Array

    @property
    def bins(self) -> int:
        """Steps of steepness, 0 to pi/2, and of direction, -pi to pi."""
        return self.coefficients.shape[0]

    def coarser(self, across: int, down: int) -> Table:
        """Return the table for pictures with fewer pixels of the same footprint.

        Pixel (x, y) has its middle at (a x + (a - 1) / 2, d y + (d - 1) / 2) of the whole picture: the polynomials of
        those are written out in x and y.

        Args:
            across: pixels that become one, along the columns (a).
            down: along the rows (d).
        """
        a, b, d, e = across, (across - 1) / 2, down, (down - 1) / 2
        moved = np.array(  # column: what x^2, y^2, xy, x, y, 1 of the whole picture are in those of the coarser one
            [
                [a * a, 0, 0, 0, 0, 0],
                [0, d * d, 0, 0, 0, 0],
                [0, 0, a * d, 0, 0, 0],
                [2 * a * b, 0, a * e, a, 0, 0],
                [0, 2 * d * e, b * d, 0, d, 0],
                [b * b, e * e, b * e, b, e, 1],
            ]
        )
        return Table(np.ascontiguousarray(self.coefficients @ moved.T, dtype=np.float32))


def bin_centres(bins: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the steepness and the direction in the middle of each bin, rad, (bins,) each.

    Bins are floor(m / (pi/2 / (bins - 1))) and floor((theta + pi) / (2 pi / (bins - 1))); the first steepness counts
    as exactly flat, as almost all of its pixels are, and the last one holds only a wall's.
    """
    middles = np.arange(bins, dtype=np.float64) + 0.5
    steepness = np.minimum(middles * (0.5 * np.pi / (bins - 1)), 0.5 * np.pi)
    steepness[0] = 0.0
    return steepness, middles * (2.0 * np.pi / (bins - 1)) - np.pi


def read_table(path: Path | str) -> Table:
    """Read a calibration file.

    Raises:
        ConfigError: if it is none; the message names the file and what is wrong.
    """
    path = Path(path)
    return checked_table(path, read_arrays(path, ("bins", *CHANNELS)))


def read_arrays(path: Path, names: Sequence[str]) -> dict[str, np.ndarray]:
    """Return those of the named arrays that a file holds.

    Raises:
        ConfigError: if it is no archive of plain numbers, or larger than any table.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ConfigError(f"calibration {path}: larger than {MAX_BYTES // 10**6} MB, no look-up table is")
        return _arrays(path, names)
    except OSError as error:
        raise ConfigError(f"calibration {path} cannot be read: {error.strerror or error}") from None
    except (ValueError, EOFError, zipfile.BadZipFile, KeyError, NotImplementedError, MemoryError):
        raise ConfigError(f"calibration {path} is no NumPy archive (.npz) of plain numbers") from None


def write_table(path: Path | str, table: Table) -> None:
    """Write a calibration file in the published format.

    Raises:
        StorageError: if that is not possible.
    """
    write_arrays(path, table, {})


def write_arrays(path: Path | str, table: Table, others: Mapping[str, np.ndarray]) -> None:
    """Write a calibration file in the published format, with other arrays that its readers pass over.

    Raises:
        StorageError: if that is not possible.
    """
    buffer = io.BytesIO()
    channels = {name: table.coefficients[:, :, number] for number, name in enumerate(CHANNELS)}
    arrays = {"bins": np.array(table.bins), **channels, **others}
    np.savez_compressed(buffer, **arrays)  # pyright: ignore[reportArgumentType]
    write_atomic(path, buffer.getvalue())


def _arrays(path: Path, names: Sequence[str]) -> dict[str, np.ndarray]:
    with zipfile.ZipFile(path) as archive:
        unpacked = sum(entry.file_size for entry in archive.infolist())
    if unpacked > MAX_BYTES:
        raise ConfigError(f"calibration {path}: unpacks to more than {MAX_BYTES // 10**6} MB, no look-up table does")
    with np.load(path, allow_pickle=False) as file:
        return {name: file[name] for name in names if name in file.files}


def checked_table(path: Path, arrays: Mapping[str, np.ndarray]) -> Table:
    """Return the table among a file's arrays.

    Raises:
        ConfigError: if there is none; the message names the file and what is wrong.
    """
    missing = [name for name in ("bins", *CHANNELS) if name not in arrays]
    if missing:
        raise ConfigError(f"calibration {path} has no '{missing[0]}'; expected bins, {', '.join(CHANNELS)}")
    if arrays["bins"].size != 1 or arrays["bins"].dtype.kind not in "iuf":
        raise ConfigError(f"calibration {path}: 'bins' must be one number")
    bins = float(arrays["bins"].reshape(()))
    if not (2 <= bins <= MAX_BINS and bins == int(bins)):
        raise ConfigError(f"calibration {path}: 'bins' must be a whole number from 2 to {MAX_BINS}, not {bins:g}")
    shape = (int(bins), int(bins), COEFFICIENTS)
    for name in CHANNELS:
        if arrays[name].shape != shape or arrays[name].dtype.kind not in "iuf":
            raise ConfigError(f"calibration {path}: '{name}' is {arrays[name].shape}, expected numbers {shape}")
        if not np.isfinite(arrays[name]).all():
            raise ConfigError(f"calibration {path}: '{name}' holds numbers that are none (NaN or infinite)")
    stacked = np.stack([arrays[name] for name in CHANNELS], axis=2)
    return Table(np.ascontiguousarray(stacked, dtype=np.float32))
