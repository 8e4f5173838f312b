"""``sim2metal motion make``: a motion from a few numbers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro
from rich.console import Console

from sim.errors import ConfigError
from sim.motion.verbs.output import require_clip_path


@dataclass
class Make:
    """Make a motion of a person, or of a robot: stand, squat, wave, reach, kick, step, walk, dance."""

    motion: tyro.conf.Positional[str]
    """Which."""
    out: Path | None = None
    """The clip (.npz); default: the motion's name, with the robot's before it."""
    robot: str | None = None
    """Put it on this robot, made at the robot's size: any with a retarget.py, such as g1, go1, dinosaur."""
    duration: float = 10.0
    """Of one loop, s."""
    speed: float | None = None
    """Forward, m/s; of walk and step."""
    amplitude: float = 1.0
    """1 is the motion as it is meant, 0.5 half as large."""
    seed: int | None = None
    """Of motions with chance in them, reach and dance; default: 0."""
    fps: float = 50.0
    """Frames per second."""
    stature: float | None = None
    """How tall the person is, m; default: 1.7, or as the robot."""

    def run(self) -> dict[str, Any]:
        """Make and write it; returns the file and what ``check`` measures.

        Raises:
            Sim2MetalError: one line that says what to do.
        """
        from sim.motion.check import check
        from sim.motion.clip import save_clip
        from sim.motion.generators.plan import Settings
        from sim.motion.generators.registry import GENERATORS, generate
        from sim.motion.retarget import retarget
        from sim.motion.size import stature_for
        from sim.motion.skeleton import STATURE_M

        if self.speed is not None and self.motion not in MOVING:
            raise ConfigError(f"--speed: motion '{self.motion}' stays where it is; {' and '.join(MOVING)} do not")
        if self.seed is not None and self.motion in GENERATORS and self.motion not in OF_CHANCE:
            raise ConfigError(f"--seed: motion '{self.motion}' is always the same; {' and '.join(OF_CHANCE)} are not")
        out = require_clip_path(
            self.out or Path(f"{self.robot}-{self.motion}.npz" if self.robot else f"{self.motion}.npz")
        )
        stature = self.stature
        if stature is None:
            stature = stature_for(self.robot) if self.robot else STATURE_M
        settings = Settings(self.duration, self.fps, self.speed, self.amplitude, self.seed or 0, stature)
        person = generate(self.motion, settings)
        clip = retarget(person, self.robot) if self.robot else person
        figures = check(clip, person if self.robot else None)
        save_clip(clip, out)
        Console(highlight=False).print(
            f"{self.motion} of {clip.character}, {clip.num_frames} frames in {clip.duration_s:.1f} s; wrote {out}",
            soft_wrap=True,
        )
        return {"clip": str(out), **figures.as_dict()}


MOVING = ("walk", "step")
"""Motions with a speed."""
OF_CHANCE = ("reach", "dance")
"""Motions that a seed changes."""
