"""The flight as a film: the logged state replayed in MuJoCo, with its path and its set-point.

Nothing is simulated here: each picture shows the pose the log has for that instant.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from itertools import pairwise

import mujoco
import numpy as np
from rich.progress import Progress

from calibration.reporting import scene
from calibration.reporting.caption import Caption
from calibration.reporting.html import Html, markup
from calibration.reporting.palette import LIGHT
from calibration.reporting.record import FlightRecord
from calibration.reporting.settings import VideoSettings
from sim.film import encode
from sim.offscreen import Offscreen
from sim.registry import load_robot

_SHADOW_PIXELS = 1024
"""Side of the map of shadows: one small robot."""


def frame_times(record: FlightRecord, settings: VideoSettings) -> np.ndarray:
    """Return the flight time of every frame, (F,), seconds."""
    step = settings.speed / settings.frames_per_s
    return record.time_s[0] + step * np.arange(max(int(record.duration_s / step) + 1, 1))


def render_video(record: FlightRecord, settings: VideoSettings, progress: Progress | None = None) -> bytes:
    """Render the flight and return an H.264 MP4 file's content.

    Raises:
        ToolchainError: without OpenGL or ffmpeg; the message says what to install.
        StorageError: if the temporary folder is full.
    """
    frames: Iterable[np.ndarray] = draw_frames(record, frame_times(record, settings), settings)
    if progress is not None:
        total = len(frame_times(record, settings))
        frames = progress.track(frames, total=total, description="rendering the flight")
    return encode(frames, (settings.width, settings.height), settings.frames_per_s)


def draw_frames(record: FlightRecord, times: np.ndarray, settings: VideoSettings) -> Iterator[np.ndarray]:
    """Yield one picture ``(height, width, 3)`` uint8 for each of the flight times (F,)."""
    position, _, set_point = record.resampled(times)
    cameras = _cameras(position, set_point)
    with _Studio(record, settings) as studio:
        for time, camera in zip(times, cameras):
            yield studio.draw(float(time), camera)


def draw_still(record: FlightRecord, time_s: float, settings: VideoSettings) -> np.ndarray:
    """Return one picture ``(height, width, 3)`` uint8, with the whole path in view."""
    times = np.linspace(record.time_s[0], time_s, 60)
    position, _, set_point = record.resampled(times)
    camera = _cameras(position, set_point)[-1]
    camera.lookat[:] = 0.5 * (position.min(axis=0) + position.max(axis=0))
    camera.lookat[2] = 0.7 * position[:, 2].max()
    camera.distance, camera.elevation = 0.88 * camera.distance, -20.0
    with _Studio(record, settings) as studio:
        return studio.draw(time_s, camera)


class _Studio:
    """The stage, the robot on it and what draws them; a context manager."""

    def __init__(self, record: FlightRecord, settings: VideoSettings) -> None:
        robot = load_robot(record.metadata.get("robot", "crazyflie"))
        self._record, self._settings = record, settings
        self._model = scene.build_stage(robot.mjcf)
        self._data = mujoco.MjData(self._model)
        self._address = scene.free_joint_address(self._model)
        self._options = mujoco.MjvOption()
        self._caption = Caption(settings.height)
        self._screen = Offscreen(self._model, settings.width, settings.height, shadow_pixels=_SHADOW_PIXELS)

    def draw(self, time_s: float, camera: mujoco.MjvCamera) -> np.ndarray:
        """Return the picture of one moment."""
        position, quaternion, set_point = (row[0] for row in self._record.resampled(np.array([time_s])))
        self._data.qpos[self._address : self._address + 7] = *position, *quaternion
        mujoco.mj_forward(self._model, self._data)
        drawing, everything = self._screen.scene, mujoco.mjtCatBit.mjCAT_ALL.value
        mujoco.mjv_updateScene(self._model, self._data, self._options, None, camera, everything, drawing)
        _draw_trail(drawing, _past(self._record, time_s, self._settings.trail_segments))
        _draw_set_point(drawing, set_point)
        error = float(np.linalg.norm(position - set_point))
        return self._caption.onto(self._screen.draw(), time_s, self._record.phase_at(time_s), error)

    def __enter__(self) -> _Studio:
        return self

    def __exit__(self, *_: object) -> None:
        self._screen.close()


def as_html(video: bytes, record: FlightRecord, settings: VideoSettings) -> Html:
    """Return a ``<video>`` element with the film inside and the clock that links it to the plots."""
    data = base64.b64encode(video).decode()
    return Html(
        f'<video controls muted loop autoplay playsinline data-start="{record.time_s[0]:.3f}" '
        f'data-speed="{markup(settings.speed)}" width="{settings.width}" height="{settings.height}">'
        f'<source type="video/mp4" src="data:video/mp4;base64,{data}"></video>'
    )


def _past(record: FlightRecord, time: float, segments: int) -> np.ndarray:
    """Return the path flown until ``time`` as at most ``segments`` + 1 points, (P, 3)."""
    # Points stand at fixed times, so that the drawn path does not shimmer as it grows.
    knots = np.linspace(record.time_s[0], record.time_s[-1], segments + 1)
    return record.resampled(np.append(knots[knots < time], time))[0]


def _draw_trail(drawing: mujoco.MjvScene, points: np.ndarray) -> None:
    # Opaque colours that pale with age: translucent pieces would show beads where they overlap.
    fresh, old = _rgb("blue"), np.array([0.72, 0.79, 0.88])
    for start, end, age in zip(points[:-1], points[1:], np.linspace(1.0, 0.0, max(len(points) - 1, 1))):
        if np.linalg.norm(end - start) > 1e-5:
            scene.add_segment(drawing, start, end, 0.0032, np.append(age * old + (1.0 - age) * fresh, 1.0))


def _draw_set_point(drawing: mujoco.MjvScene, centre: np.ndarray) -> None:
    """Draw the target as a point in a level ring on a thin stem, so that its height can be seen."""
    if not np.all(np.isfinite(centre)):
        return
    colour = _rgb("orange")
    foot = np.array([centre[0], centre[1], 0.0])
    if centre[2] > 0.01:
        scene.add_segment(drawing, foot, centre, 0.0012, np.append(colour, 0.5))
    scene.add_ball(drawing, centre, 0.006, np.append(colour, 1.0))
    angle = np.linspace(0.0, 2.0 * np.pi, 33)
    ring = centre + 0.07 * np.stack([np.cos(angle), np.sin(angle), np.zeros_like(angle)], axis=1)
    for start, end in pairwise(ring):
        scene.add_segment(drawing, start, end, 0.0014, np.append(colour, 1.0))


def _cameras(position: np.ndarray, set_point: np.ndarray) -> list[mujoco.MjvCamera]:
    """Return a slowly circling camera that follows the robot without its jitter."""
    everything = np.concatenate([position, set_point[np.all(np.isfinite(set_point), axis=1)]])
    low, high = everything.min(axis=0), everything.max(axis=0)
    centre = 0.5 * (low + high)
    distance = float(np.clip(np.linalg.norm(high - low), 0.75, 3.5))
    followed = _smooth(position, max(len(position) // 8, 1))
    cameras = []
    for i, point in enumerate(followed):
        camera = mujoco.MjvCamera()
        camera.type = mujoco.mjtCamera.mjCAMERA_FREE.value
        camera.lookat[:] = 0.5 * point + 0.5 * centre
        camera.distance, camera.elevation = distance, -17.0
        camera.azimuth = 120.0 + 45.0 * i / max(len(followed) - 1, 1)
        cameras.append(camera)
    return cameras


def _smooth(values: np.ndarray, width: int) -> np.ndarray:
    """Average each column over ``width`` rows, the ends held."""
    padded = np.pad(values, ((width, width), (0, 0)), mode="edge")
    kernel = np.hanning(2 * width + 1)
    kernel /= kernel.sum()
    return np.stack([np.convolve(column, kernel, mode="valid") for column in padded.T], axis=1)


def _rgb(role: str) -> np.ndarray:
    """Return a palette colour as three floats in [0, 1]."""
    return np.array([int(LIGHT[role][i : i + 2], 16) / 255.0 for i in (1, 3, 5)])
