"""A clip as pictures: single frames, a sheet of frames side by side, a film. Off screen, by EGL."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence

import mujoco
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sim.film import encode
from sim.motion.clip import Clip
from sim.motion.stage import Stage, make_stage
from sim.offscreen import Offscreen

Picture = NDArray[np.uint8]

FILM_SIZE = (640, 480)
"""px"""
FILM_FRAMES_PER_S = 25
TILE_SIZE = (240, 300)
AZIMUTH_DEG, ELEVATION_DEG = 150.0, -12.0
"""From the front left, a little from above."""
DISTANCE = 1.75
"""From what is looked at, in sizes of the character."""


class Camera:
    """Draws a clip's frames, following the root; use as a context."""

    def __init__(self, clip: Clip, size: tuple[int, int]) -> None:
        """Open it.

        Raises:
            ToolchainError: without OpenGL.
            ConfigError: for a clip of an unknown robot.
        """
        self._stage: Stage = make_stage(clip)
        self._screen = Offscreen(self._stage.model, *size)
        self._size, self._middle = _extent(self._stage)
        self._camera, self._option = mujoco.MjvCamera(), mujoco.MjvOption()
        self._camera.azimuth, self._camera.elevation = AZIMUTH_DEG, ELEVATION_DEG

    def __enter__(self) -> Camera:
        """Return it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Free the OpenGL context."""
        self._screen.close()

    def draw(self, frame: int) -> Picture:
        """Return a frame as (height, width, 3)."""
        stage = self._stage
        stage.show(frame)
        root = stage.clip.root_position_w[frame]
        self._camera.lookat[:] = (root[0], root[1], self._middle)
        self._camera.distance = DISTANCE * self._size
        mujoco.mjv_updateScene(
            stage.model,
            stage.data,
            self._option,
            None,
            self._camera,
            int(mujoco.mjtCatBit.mjCAT_ALL),
            self._screen.scene,
        )
        return self._screen.draw()


def sheet(clips: Sequence[Clip], columns: int = 6, size: tuple[int, int] = TILE_SIZE) -> bytes:
    """Return a PNG file's content: one row per clip, its frames evenly over time.

    Raises:
        ToolchainError: without OpenGL.
    """
    rows = []
    for clip in clips:
        with Camera(clip, size) as camera:
            last = clip.num_frames if clip.loops else clip.num_frames - 1
            rows.append(np.concatenate([camera.draw(k * last // columns) for k in range(columns)], axis=1))
    buffer = io.BytesIO()
    Image.fromarray(np.concatenate(rows)).save(buffer, format="png", optimize=True)
    return buffer.getvalue()


def film(clip: Clip, size: tuple[int, int] = FILM_SIZE) -> bytes:
    """Return an MP4 file's content, as fast as the motion is.

    Raises:
        ToolchainError: without OpenGL or ffmpeg.
        StorageError: if the temporary folder is full.
    """
    with Camera(clip, size) as camera:
        return encode(_frames(camera, clip), size, FILM_FRAMES_PER_S)


def _frames(camera: Camera, clip: Clip) -> Iterator[Picture]:
    for number in range(max(int(clip.duration_s * FILM_FRAMES_PER_S), 1)):
        yield camera.draw(min(round(number * clip.fps / FILM_FRAMES_PER_S), clip.num_frames - 1))


def _extent(stage: Stage) -> tuple[float, float]:
    """Return the larger of height and length of the character in the first frame, and half its height, m."""
    model, data = stage.model, stage.data
    shapes = [k for k in range(model.ngeom) if model.geom_type[k] != mujoco.mjtGeom.mjGEOM_PLANE]
    reach, place = model.geom_rbound[shapes, None], data.geom_xpos[shapes]
    low, high = (place - reach).min(axis=0), (place + reach).max(axis=0)
    return float(max(high[2], 0.8 * (high - low)[:2].max())), 0.5 * float(high[2])
