"""Pictures to an H.264 MP4 that every browser plays, with the ffmpeg that imageio-ffmpeg ships."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path

import imageio_ffmpeg
import numpy as np

from sim.errors import StorageError, ToolchainError

QUALITY = 5
"""On imageio-ffmpeg's scale from 0 to 10: x264's rate factor 25."""


def encode(frames: Iterable[np.ndarray], size: tuple[int, int], frames_per_s: int, quality: int = QUALITY) -> bytes:
    """Return the film's content.

    Args:
        frames: pictures, (height, width, 3) uint8.
        size: width and height of them, px, both even.
        frames_per_s: when it plays.
        quality: see ``QUALITY``.

    Raises:
        ToolchainError: if ffmpeg is missing or fails.
        StorageError: if the temporary folder is full.
    """
    with tempfile.TemporaryDirectory(prefix="sim2metal-") as folder:
        path = Path(folder) / "film.mp4"
        try:
            writer = imageio_ffmpeg.write_frames(
                str(path),
                size,
                fps=frames_per_s,
                codec="libx264",
                macro_block_size=2,
                quality=quality,
                output_params=["-movflags", "+faststart"],
            )
            writer.send(None)
            for frame in frames:
                writer.send(np.ascontiguousarray(frame).tobytes())
            writer.close()
            return path.read_bytes()
        except RuntimeError as error:
            raise ToolchainError(f"no video: {error}; reinstall imageio-ffmpeg (pip install imageio-ffmpeg)") from None
        except OSError as error:
            reason = error.strerror or str(error)
            raise StorageError(f"no video: {reason}; free some space in {tempfile.gettempdir()}") from None
