"""Size and pace of the film, apart from the renderer so that asking for it imports nothing heavy."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class VideoSettings:
    """The defaults render a 25 s flight in about 15 s on two idle cores."""

    width: int = 640
    height: int = 360
    frames_per_s: int = 20
    speed: float = 2.0
    """Flight seconds per film second."""
    trail_segments: int = 160
    """Pieces of the drawn path."""
