"""``sim2metal motion convert``: motion files of others to clips, and clips to BVH."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro
from rich.console import Console

from sim.motion.verbs.output import require_clip_path


@dataclass
class Convert:
    """Make a clip of a BVH or AMASS-like file, on the ground and facing x, or a BVH file of a person's clip."""

    file: tyro.conf.Positional[Path]
    """.bvh or .npz."""
    out: Path
    """.npz, or .bvh for other programmes."""
    scale: float | None = None
    """Of BVH: metres per unit; default: found by the length of the legs."""
    rest_frame: int | None = None
    """Of BVH: a frame that stands upright, arms out, where the file's own rest pose does not."""
    first: int = 0
    """Frame to begin with: 1 where frame 0 is a pose with the arms out that the motion jumps out of."""
    last: int | None = None
    """Frame to end with; default: the file's last."""
    stature: float | None = None
    """Of AMASS: how tall the person is, m; default: 1.7."""
    fps: float | None = None
    """Frames per second; default: the file's."""

    def run(self) -> dict[str, Any]:
        """Convert; returns the file and what it holds.

        Raises:
            Sim2MetalError: one line that says what to do.
        """
        from sim.files import write_atomic
        from sim.motion.clip import save_clip
        from sim.motion.files.bvh_writer import write_bvh
        from sim.motion.files.load import load_motion
        from sim.motion.resample import resample

        out = require_clip_path(self.out, (".npz", ".bvh"))
        clip = load_motion(self.file, self.scale, self.rest_frame, self.stature, self.first, self.last)
        if self.fps is not None:
            clip = resample(clip, self.fps)
        if out.suffix.lower() == ".bvh":
            write_atomic(out, write_bvh(clip))
        else:
            save_clip(clip, out)
        Console(highlight=False).print(
            f"{clip.name} of {clip.character}, {clip.num_frames} frames at {clip.fps:g} per second; wrote {out}",
            soft_wrap=True,
        )
        return {"clip": str(out), "frames": clip.num_frames, "fps": clip.fps, "duration_s": clip.duration_s}
