"""What can happen to the virtual sensor's camera, on request: ``black@5:2``."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hardware.tactile.frames import Picture
from hardware.virtual.faults import Fault, FaultKind

KINDS = {
    "black": FaultKind("the lamps are off"),
    "frozen": FaultKind("the camera repeats its last picture"),
    "small": FaultKind("pictures of half the size"),
    "stalled": FaultKind("no pictures"),
}


class CameraFaults:
    """Spoils pictures while a fault is active.

    Args:
        faults: with starts in seconds from the beginning.
    """

    def __init__(self, faults: Sequence[Fault]) -> None:
        self._faults = list(faults)
        self._last: Picture | None = None

    def spoil(self, picture: Picture, time_s: float) -> Picture | None:
        """Return what the camera gives instead; ``None``: nothing."""
        active = {fault.name for fault in self._faults if _is_active(fault, time_s)}
        if "frozen" not in active or self._last is None:
            self._last = picture
        if "stalled" in active:
            return None
        seen = self._last
        if "small" in active:
            seen = np.ascontiguousarray(seen[::2, ::2])
        return np.zeros_like(seen) if "black" in active else seen


def _is_active(fault: Fault, time_s: float) -> bool:
    return fault.start_s <= time_s and (fault.duration_s is None or time_s < fault.start_s + fault.duration_s)
