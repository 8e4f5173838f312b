"""Where touch comes from: the virtual sensor, a camera device, a folder of recorded pictures."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from sim.errors import ConfigError
from sim.tactile.sensor import Pad

NS = 1_000_000_000
MAX_BEHIND_S = 0.1
"""Further behind than this, the virtual sensor's time slips instead of running in bursts."""
POLL_S = 0.005
"""How often a camera is asked for a new picture: what its stamp may be late is measured, not assumed."""


@dataclass(frozen=True)
class Sample:
    """What a source has at one time.

    Attributes:
        time_ns: ROS time of the measurement.
        picture: as the camera gave it, unchecked.
        depth: of the taxels, m, if the source knows forces; (taxels,).
        force: on the gel, N; (taxels, 3).
        wrench: force and torque on the gel, N and N m; (3,) each.
    """

    time_ns: int
    picture: Any = None
    depth: npt.NDArray[np.float32] | None = None
    force: npt.NDArray[np.float32] | None = None
    wrench: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]] | None = None


class Source(Protocol):
    """One source; used by one thread."""

    untouched: npt.NDArray[np.uint8] | None
    """The untouched pad, if it is known without looking."""
    knows_forces: bool
    problem: str
    """Why there are no pictures, or empty."""

    def next(self) -> Sample | None:
        """Wait a moment and return what there is; ``None``: nothing yet."""
        ...

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        ...

    def close(self) -> None:
        """Let go of the device."""
        ...


class VirtualSource:
    """The virtual sensor in real time."""

    knows_forces = True
    ended = False

    def __init__(self, pad: Pad, options: dict[str, Any], now_ns: Callable[[], int], stop: threading.Event) -> None:
        from hardware.virtual.faults import read_fault
        from hardware.virtual.touch.faults import KINDS, CameraFaults
        from hardware.virtual.touch.sensor import VirtualTouch

        self._faults = CameraFaults([read_fault(text, KINDS, ()) for text in options["faults"].split()])
        self._touch = VirtualTouch(
            pad, options["object"], options["seed"], options["stiffness"], calibration=options["calibration"]
        )
        self.untouched = None if pad.camera is None else self._touch.untouched()
        self._now_ns, self._stop = now_ns, stop
        self._start_ns: int | None = None
        self.slipped_s = 0.0
        self._steps = max(round(1000.0 / options["field_rate"]), 1)
        self._picture_ns = 0 if pad.camera is None else round(NS / options["image_rate"])
        self._pictures = 0

    @property
    def problem(self) -> str:
        """Why there are no pictures."""
        return "the virtual camera gives no pictures"

    def next(self) -> Sample | None:
        """Step the scene by one period of the force field and wait until it is that late."""
        if self._start_ns is None:
            self._start_ns = self._now_ns()
        self._touch.advance(self._steps)
        time_ns = self._start_ns + self._touch.now_ns
        late_ns = self._now_ns() - time_ns
        if late_ns < 0:
            self._stop.wait(-late_ns / NS)
        elif late_ns > MAX_BEHIND_S * NS:
            self.slipped_s += late_ns / NS
            self._start_ns += late_ns
        touch = self._touch.touch()
        return Sample(time_ns, self._picture(), touch.depth, touch.force, (touch.total_force, touch.total_torque))

    def _picture(self) -> npt.NDArray[np.uint8] | None:
        if not self._picture_ns or self._touch.now_ns < self._pictures * self._picture_ns:
            return None
        self._pictures = self._touch.now_ns // self._picture_ns + 1
        return self._faults.spoil(self._touch.image(), self._touch.now_ns / NS)

    def close(self) -> None:
        """Nothing to let go of."""


class CameraSource:
    """A camera device."""

    knows_forces = False
    ended = False
    untouched = None

    def __init__(self, pad: Pad, options: dict[str, Any], now_ns: Callable[[], int], stop: threading.Event) -> None:
        from hardware.tactile.camera import CameraDevice

        assert pad.camera is not None
        self._now_ns, self._stop = now_ns, stop
        self._device = CameraDevice(options["source"], pad.camera.rows, pad.camera.columns, options["image_rate"])

    @property
    def problem(self) -> str:
        """Why there are no pictures."""
        return self._device.problem

    def next(self) -> Sample | None:
        """Return a new picture, stamped with the time at which it came."""
        taken = self._device.take()
        if taken is None:
            self._stop.wait(POLL_S)
            return None
        picture, arrived_s = taken
        return Sample(self._now_ns() - round((time.monotonic() - arrived_s) * NS), picture)

    def close(self) -> None:
        """Let go of the device."""
        self._device.close()


class FolderSource:
    """Recorded pictures at the camera's rate."""

    knows_forces = False
    untouched = None

    def __init__(self, pad: Pad, options: dict[str, Any], now_ns: Callable[[], int], stop: threading.Event) -> None:
        from hardware.tactile.folder import picture_files, read_picture

        self._read = read_picture
        self._files = picture_files(Path(options["source"]))
        self._repeat, self._period_s = options["repeat"], 1.0 / options["image_rate"]
        self._now_ns, self._stop = now_ns, stop
        self._shown = 0
        self._due_s = time.monotonic()
        self.problem = ""

    @property
    def ended(self) -> bool:
        """Whether all have been shown."""
        return not self._repeat and self._shown >= len(self._files)

    def next(self) -> Sample | None:
        """Return the next picture at its time.

        Raises:
            FrameRefusedError: if the file is no picture; the next call goes on with the next.
        """
        if self.ended:
            self.problem = f"all {len(self._files)} pictures have been shown"
            self._stop.wait(POLL_S)
            return None
        self._stop.wait(max(self._due_s - time.monotonic(), 0.0))
        self._due_s = max(self._due_s + self._period_s, time.monotonic() - self._period_s)
        path = self._files[self._shown % len(self._files)]
        self._shown += 1
        return Sample(self._now_ns(), self._read(path))

    def close(self) -> None:
        """Nothing to let go of."""


def make_source(pad: Pad, options: dict[str, Any], now_ns: Callable[[], int], stop: threading.Event) -> Source:
    """Return the source that ``options['source']`` names.

    Raises:
        Sim2MetalError: if there is no such thing.
    """
    name = options["source"]
    if name == "virtual":
        return VirtualSource(pad, options, now_ns, stop)
    if pad.camera is None:
        raise ConfigError(f"{pad.title} has no camera: its source can only be 'virtual'")
    if name.isdigit() or name.startswith("/dev/"):
        return CameraSource(pad, options, now_ns, stop)
    if Path(name).is_dir():
        return FolderSource(pad, options, now_ns, stop)
    raise ConfigError(f"source '{name}' is none: write virtual, /dev/videoN, a number N, or a folder of pictures")
