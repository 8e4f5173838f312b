"""Recorded pictures: the files of a folder in the order of their names."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np

from hardware.tactile.frames import FrameRefusedError, Picture
from sim.errors import ConfigError, ToolchainError

ENDINGS = (".png", ".jpg", ".jpeg", ".bmp")
MAX_BYTES = 50_000_000
"""Larger files are refused unread."""
MAX_PIXELS = 40_000_000


def picture_files(folder: Path) -> list[Path]:
    """Return the pictures of a folder; numbers in names count as numbers, so ``frame10`` comes after ``frame9``.

    Raises:
        ConfigError: if there are none.
    """
    try:
        files = [path for path in folder.iterdir() if path.suffix.lower() in ENDINGS]
    except OSError as error:
        raise ConfigError(f"folder {folder} cannot be read: {error.strerror}") from None
    if not files:
        raise ConfigError(f"no pictures in {folder}; expected files that end in {', '.join(ENDINGS)}")
    return sorted(files, key=lambda path: [int(p) if p.isdigit() else p for p in re.split(r"(\d+)", path.name)])


def read_picture(path: Path) -> Picture:
    """Read a file.

    Raises:
        ToolchainError: without Pillow and OpenCV.
        FrameRefusedError: if it is no picture.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise FrameRefusedError(f"{path.name}: larger than {MAX_BYTES // 10**6} MB")
        return _reader()(path)
    except OSError as error:
        reason = "no picture" if error.strerror is None else error.strerror
        raise FrameRefusedError(f"{path.name}: {reason}") from None
    except (ValueError, SyntaxError) as error:  # what Pillow raises for broken files
        raise FrameRefusedError(f"{path.name}: no picture ({error})") from None


def _reader() -> Callable[[Path], Picture]:
    try:
        from PIL import Image
    except ImportError:
        return _read_by_opencv

    def read(path: Path) -> Picture:
        try:
            with Image.open(path) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise FrameRefusedError(f"{path.name}: {image.width} x {image.height} is no tactile picture")
                return np.asarray(image.convert("RGB"))
        except Image.DecompressionBombError:
            raise FrameRefusedError(f"{path.name}: claims to be too large for a tactile picture") from None

    return read


def _read_by_opencv(path: Path) -> Picture:
    try:
        import cv2  # pyright: ignore[reportMissingImports]
    except ImportError:
        raise ToolchainError("recorded pictures need Pillow or OpenCV: pip install pillow") from None
    picture = cv2.imread(str(path))
    if picture is None:
        raise FrameRefusedError(f"{path.name}: no picture")
    return np.ascontiguousarray(picture[..., ::-1])
