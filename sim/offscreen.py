"""An off-screen MuJoCo renderer that needs no environment variable on a headless machine.

``mujoco.Renderer`` fixes its OpenGL back end when mujoco is first imported; this one picks EGL
by itself on Linux, unless ``MUJOCO_GL`` asks for another.
"""

from __future__ import annotations

import os
import sys
from typing import Any

import mujoco
import numpy as np

from sim.errors import ToolchainError

INSTALL_HINT = "install libegl1 and libgl1-mesa-dri (apt-get install libegl1 libgl1-mesa-dri), or run make setup"


class Offscreen:
    """A picture of a scene without a screen; ``close`` frees it.

    Raises:
        ToolchainError: if no OpenGL context can be made; the message says what to install.
    """

    def __init__(self, model: mujoco.MjModel, width: int, height: int, max_geoms: int = 4000) -> None:
        self._context = _open_context(width, height)
        try:
            self._context.make_current()
            self._renderer = mujoco.MjrContext(model, mujoco.mjtFontScale.mjFONTSCALE_100.value)
        except (RuntimeError, mujoco.FatalError) as error:
            self._context.free()
            raise ToolchainError(f"no video: {error}; {INSTALL_HINT}") from None
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN.value, self._renderer)
        self.scene = mujoco.MjvScene(model, maxgeom=max_geoms)
        self._closed = False
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
        if not self._closed:
            self._closed = True
            self._renderer.free()
            self._context.free()


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
