"""An off-screen MuJoCo renderer that needs no environment variable on a headless machine.

``mujoco.Renderer`` fixes its OpenGL back end when mujoco is first imported; this one picks EGL
by itself on Linux, unless ``MUJOCO_GL`` asks for another.
"""

from __future__ import annotations

import os
import sys
import weakref
from typing import Any

import mujoco
import numpy as np

from sim.errors import ToolchainError

INSTALL_HINT = "install libegl1 and libgl1-mesa-dri (apt-get install libegl1 libgl1-mesa-dri), or run make setup"

SHADOW_PIXELS = 2048
"""Side of the map of shadows of pictures for people."""


class Offscreen:
    """A picture of a scene without a screen; ``close`` frees it, and so does whoever drops it.

    Args:
        model: of the scene.
        width: of the picture, pixels.
        height: likewise.
        max_geoms: that the scene can hold.
        shadow_pixels: side of the map of shadows; 0 for none. Without a GPU the map, 4096 by MuJoCo's own
            default, costs more than a small picture does.

    Raises:
        ToolchainError: if no OpenGL context can be made; the message says what to install.
    """

    def __init__(
        self,
        model: mujoco.MjModel,
        width: int,
        height: int,
        max_geoms: int = 4000,
        shadow_pixels: int = SHADOW_PIXELS,
    ) -> None:
        self._context = _open_context(width, height)
        try:
            self._context.make_current()
            self._renderer = _open_renderer(model, width, height, shadow_pixels)
        except (RuntimeError, mujoco.FatalError) as error:
            self._context.free()
            raise ToolchainError(f"no video: {error}; {INSTALL_HINT}") from None
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN.value, self._renderer)
        self.scene = mujoco.MjvScene(model, maxgeom=max_geoms)
        self._free = weakref.finalize(self, _free, self._context, self._renderer)
        self._free.atexit = False  # (MuJoCo has closed the display by then)
        self._rectangle = mujoco.MjrRect(0, 0, width, height)
        self._pixels = np.empty((height, width, 3), np.uint8)

    def draw(self) -> np.ndarray:
        """Return the scene as an image, ``(height, width, 3)`` uint8, a fresh array."""
        self._context.make_current()  # (another one may have drawn meanwhile)
        mujoco.mjr_render(self._rectangle, self.scene, self._renderer)
        mujoco.mjr_readPixels(self._pixels, None, self._rectangle, self._renderer)
        return np.ascontiguousarray(self._pixels[::-1])

    def close(self) -> None:
        """Free the context; further calls do nothing."""
        self._free()


def _free(context: Any, renderer: mujoco.MjrContext) -> None:
    context.make_current()  # (what is freed goes by numbers, which in another context are another's things)
    renderer.free()
    context.free()


def _open_renderer(model: mujoco.MjModel, width: int, height: int, shadow_pixels: int) -> mujoco.MjrContext:
    """Return MuJoCo's renderer for the current context; the model says only here how large its buffers are."""
    view, quality = model.vis.global_, model.vis.quality
    usual = view.offwidth, view.offheight, quality.shadowsize
    view.offwidth, view.offheight, quality.shadowsize = width, height, shadow_pixels
    try:
        return mujoco.MjrContext(model, mujoco.mjtFontScale.mjFONTSCALE_100.value)
    finally:
        view.offwidth, view.offheight, quality.shadowsize = usual


def _open_context(width: int, height: int) -> Any:
    """Return MuJoCo's OpenGL context: EGL on Linux unless ``MUJOCO_GL`` asks for another."""
    chosen = os.environ.get("MUJOCO_GL", "").lower()
    try:
        if sys.platform == "linux" and chosen in ("", "egl"):
            from mujoco.egl import GLContext
        else:
            from mujoco.gl_context import GLContext  # type: ignore[assignment]
        return GLContext(width, height)
    except (ImportError, AttributeError, OSError, RuntimeError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ToolchainError(f"no video: OpenGL is not available here ({reason}); {INSTALL_HINT}") from None
