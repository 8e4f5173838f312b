"""A clip in MuJoCo's own viewer, in real time, again and again until the window is closed."""

from __future__ import annotations

import os
import sys
import time

from sim.errors import ConfigError
from sim.motion.clip import Clip
from sim.motion.stage import make_stage

_NO_DISPLAY = "no display to show motions on; --video FILE.mp4 or --figure FILE.png writes them without one"


def play(clip: Clip) -> None:
    """Open the window and return when it is closed.

    Raises:
        ConfigError: without a display, or for a clip of an unknown robot.
    """
    if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        raise ConfigError(_NO_DISPLAY)
    stage = make_stage(clip)
    import mujoco.viewer  # (needs a display as it is imported)

    try:
        viewer = mujoco.viewer.launch_passive(stage.model, stage.data)
    except RuntimeError as error:
        raise ConfigError(f"{_NO_DISPLAY} ({error})") from None
    with viewer:
        begin = time.monotonic()
        while viewer.is_running():
            frame = int((time.monotonic() - begin) * clip.fps) % clip.num_frames
            stage.show(frame)
            viewer.sync()
            time.sleep(max(begin + (frame + 1) / clip.fps - time.monotonic(), 0.0) % (1.0 / clip.fps))
