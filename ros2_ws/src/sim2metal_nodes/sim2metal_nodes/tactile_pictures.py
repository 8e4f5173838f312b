"""What becomes of a picture: checked, compared with the untouched pad, turned into depth and normal forces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hardware.tactile.difference import Nominal
from hardware.tactile.frames import FrameCheck, Picture, fitted
from sim.errors import ToolchainError
from sim.tactile.sensor import Pad
from sim.tactile.table import Table


@dataclass(frozen=True)
class Seen:
    """One good picture and what follows from it.

    Attributes:
        picture: (rows, columns, 3).
        difference: to the untouched pad, grey levels; ``None`` while that is not known.
        depth: estimated, m; (rows, columns).
    """

    picture: Picture
    difference: npt.NDArray[np.float32] | None = None
    depth: npt.NDArray[np.float32] | None = None


class PictureWork:
    """See the module; used by one thread."""

    def __init__(
        self, pad: Pad, table: Table, options: dict[str, Any], untouched: Picture | None, recorded: bool
    ) -> None:
        """Prepare.

        Args:
            pad: the sensor.
            table: its calibration.
            options: the node's parameters.
            untouched: picture of the untouched pad, if known.
            recorded: pictures are files, which may well be the same.

        Raises:
            ToolchainError: if depth is wanted without scipy.
        """
        assert pad.camera is not None
        self._pad, self._camera = pad, pad.camera
        self._turns = options["rotate"] // 90
        frozen_s = 0.0 if recorded else options["stale_after"]
        self._check = FrameCheck(pad.camera.rows, pad.camera.columns, frozen_s)
        self._nominal = Nominal(options["nominal_frames"], untouched)
        self._inversion = _inversion(pad, table) if options["depth"] else None

    @property
    def ready(self) -> bool:
        """Whether the untouched pad is known."""
        return self._nominal.picture is not None

    def look(self, picture: Any, time_s: float) -> Seen:
        """Return what follows from a picture.

        Raises:
            FrameRefusedError: if it cannot be what the sensor sees.
        """
        if isinstance(picture, np.ndarray):
            picture = fitted(picture, self._camera.rows, self._camera.columns, self._turns)
        good = self._check.require_good(picture, time_s)
        difference = self._nominal.difference(good)
        if difference is None or self._inversion is None:
            return Seen(good, difference)
        return Seen(good, difference, self._inversion.depth(difference))

    def taxel_depth(self, depth: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return the depth at the taxels, m, (taxels,): the mean over each one's cell."""
        camera, taxels = self._camera, self._pad.taxels
        pixel_x, pixel_y = camera.pixel_m
        columns = taxels.positions[:, 0] / pixel_x + 0.5 * (camera.columns - 1)
        rows = taxels.positions[:, 1] / pixel_y + 0.5 * (camera.rows - 1)
        half_x, half_y = (max(int(0.5 * taxels.pitch_m / pixel), 0) for pixel in (pixel_x, pixel_y))
        total = np.zeros(taxels.count, np.float32)
        for down in range(-half_y, half_y + 1):
            for across in range(-half_x, half_x + 1):
                at_row = np.clip(np.round(rows + down), 0, camera.rows - 1).astype(np.intp)
                at_column = np.clip(np.round(columns + across), 0, camera.columns - 1).astype(np.intp)
                total += depth[at_row, at_column]
        return total / ((2 * half_x + 1) * (2 * half_y + 1))


def _inversion(pad: Pad, table: Table) -> Any:
    try:
        from sim.tactile.inversion import DepthFromColour
    except ImportError:
        raise ToolchainError("depth from pictures needs scipy: pip install scipy, or set depth to false") from None
    assert pad.camera is not None
    return DepthFromColour(pad.camera, table)
