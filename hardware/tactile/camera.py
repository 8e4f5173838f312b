"""A camera device through OpenCV, read by a thread so that a device that hangs stops nobody."""

from __future__ import annotations

import contextlib
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

from hardware.tactile.frames import Picture
from sim.errors import LinkError, ToolchainError

RETRY_S = 1.0
"""Between attempts to open a device that was lost."""


class CameraDevice:
    """The newest picture of ``/dev/videoN``.

    Attributes:
        problem: why there are no new pictures, or empty.
    """

    def __init__(self, device: str, rows: int, columns: int, rate_hz: float) -> None:
        """Open the device and start reading.

        Args:
            device: ``/dev/videoN`` or its number N.
            rows: height to ask the driver for, px.
            columns: width to ask for, px.
            rate_hz: rate to ask for.

        Raises:
            ToolchainError: without OpenCV.
            LinkError: if there is no such device or it gives no picture.
        """
        self._device, self._wanted = device, (rows, columns, rate_hz)
        self._cv2 = _opencv()
        self._newest: tuple[Picture, float] | None = None
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self.problem = ""
        if device.startswith("/") and not Path(device).exists():
            raise LinkError(f"camera {device}: no such device; 'ls /dev/video*' lists those there are")
        self._capture = self._open()
        self._thread = threading.Thread(target=self._run, name="camera", daemon=True)
        self._thread.start()

    def take(self) -> tuple[Picture, float] | None:
        """Return the newest picture and its time (``time.monotonic``), each only once."""
        with self._lock:
            newest, self._newest = self._newest, None
        return newest

    def close(self) -> None:
        """Stop reading; a device that hangs is left to its thread, which ends with the program."""
        self._stop.set()
        self._thread.join(2.0)

    def _open(self) -> Any:
        cv2 = self._cv2
        name = int(self._device) if self._device.isdigit() else self._device
        capture = cv2.VideoCapture(name)
        if not capture.isOpened():
            capture.release()
            raise LinkError(
                f"camera {self._device} cannot be opened: plugged in, allowed to (group video), not in use?"
            )
        rows, columns, rate_hz = self._wanted
        for setting, value in (
            (cv2.CAP_PROP_FRAME_WIDTH, columns),
            (cv2.CAP_PROP_FRAME_HEIGHT, rows),
            (cv2.CAP_PROP_FPS, rate_hz),
            (cv2.CAP_PROP_BUFFERSIZE, 1),
        ):
            capture.set(setting, value)  # a driver that cannot says so by its pictures, which are checked
        return capture

    def _run(self) -> None:
        while not self._stop.is_set():
            found, picture = self._capture.read() if self._capture is not None else (False, None)
            now = time.monotonic()
            if found and picture is not None and picture.ndim == 3:
                self.problem = ""
                with self._lock:
                    self._newest = np.ascontiguousarray(picture[..., ::-1]), now  # OpenCV's order is blue green red
                continue
            self.problem = f"camera {self._device} gives no pictures"
            self._reopen()
        if self._capture is not None:
            self._capture.release()

    def _reopen(self) -> None:
        if self._capture is not None:
            self._capture.release()
            self._capture = None
        self._stop.wait(RETRY_S)
        with contextlib.suppress(LinkError):
            self._capture = self._open()


def _opencv() -> Any:
    try:
        import cv2  # pyright: ignore[reportMissingImports]
    except ImportError:
        raise ToolchainError("camera devices need OpenCV: pip install opencv-python-headless") from None
    return cv2
