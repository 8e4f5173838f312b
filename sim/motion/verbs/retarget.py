"""``sim2metal motion retarget``: put a motion on a robot."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro

from sim.motion.verbs.output import print_figures, require_clip_path


@dataclass
class Retarget:
    """Put a motion of a person or of another robot on a robot, within its joints' ranges and speeds."""

    file: tyro.conf.Positional[Path]
    """The motion: a clip, .bvh or an AMASS-like .npz."""
    robot: str
    """Who shall follow: any robot with a retarget.py, such as g1, go1, dinosaur."""
    out: Path | None = None
    """The clip (.npz); default: the robot's name and the motion's."""
    fps: float | None = None
    """Frames per second; default: the file's."""
    iterations: int = 3
    """Steps of inverse kinematics per frame, 1 to 100."""

    def run(self) -> dict[str, Any]:
        """Retarget and write it; returns the file and what ``check`` measures.

        Raises:
            Sim2MetalError: one line that says what to do.
        """
        from rich.progress import Progress

        from sim.errors import ConfigError
        from sim.motion.check import check
        from sim.motion.clip import save_clip
        from sim.motion.files.load import load_motion
        from sim.motion.mapping import load_mapping
        from sim.motion.resample import resample
        from sim.motion.retarget import retarget

        if not 1 <= self.iterations <= 100:
            raise ConfigError(f"--iterations {self.iterations}: expected 1 to 100")
        load_mapping(self.robot)
        source = load_motion(self.file)
        out = require_clip_path(self.out or Path(f"{self.robot}-{source.name}.npz"))
        if self.fps is not None:
            source = resample(source, self.fps)
        with Progress(transient=True) as progress:
            task = progress.add_task(f"retargeting {source.name} to {self.robot}", total=1.0)
            clip = retarget(source, self.robot, self.iterations, lambda share: progress.update(task, completed=share))
        figures = check(clip, source)
        save_clip(clip, out)
        print_figures([(clip, figures)])
        return {"clip": str(out), **figures.as_dict()}
