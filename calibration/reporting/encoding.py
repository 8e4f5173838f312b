"""Pictures to an H.264 MP4 that every browser plays, with the ffmpeg that imageio-ffmpeg ships."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path

import imageio_ffmpeg
import numpy as np

from calibration.reporting.settings import VideoSettings
from sim.errors import StorageError, ToolchainError


def encode(frames: Iterable[np.ndarray], settings: VideoSettings) -> bytes:
    """Return the film's content.

    Args:
        frames: pictures, (height, width, 3) uint8, both even.
        settings: size, rate and quality.

    Raises:
        ToolchainError: if ffmpeg is missing or fails.
        StorageError: if the temporary folder is full.
    """
    with tempfile.TemporaryDirectory(prefix="sim2metal-") as folder:
        path = Path(folder) / "flight.mp4"
        try:
            writer = imageio_ffmpeg.write_frames(
                str(path),
                (settings.width, settings.height),
                fps=settings.frames_per_s,
                codec="libx264",
                macro_block_size=2,
                quality=settings.quality,
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
