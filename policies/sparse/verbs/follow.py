"""``sim2metal sparse follow``: a character follows the head and hands of a recorded motion, frame by frame."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro


@dataclass
class Follow:
    """Follow the head and hands of a motion at 60 Hz and write what the character did."""

    bundle: tyro.conf.Positional[Path]
    """Folder of the bundle."""
    file: tyro.conf.Positional[Path]
    """Who moves: a clip, .bvh or an AMASS-like .npz, of a person or of a robot with head and hands."""
    out: Path | None = None
    """The character's clip (.npz); default: the robot's name and the motion's."""
    live: bool = False
    """Wait for each frame's time, as with trackers; else as fast as it goes."""

    def run(self) -> dict[str, Any]:
        """Follow, print errors and rate, write the clip.

        Raises:
            Sim2MetalError: one line that says what to do.
        """
        import numpy as np
        from rich.console import Console

        from policies.sparse.bundle import SparseBundle
        from policies.sparse.follower import follow
        from policies.sparse.judge import place_errors
        from sim.motion.check import check
        from sim.motion.clip import save_clip
        from sim.motion.files.load import load_motion
        from sim.motion.resample import resample
        from sim.motion.retarget import retarget
        from sim.motion.sparse.tracked import TRACKER_FPS, tracked_of
        from sim.motion.verbs.output import require_clip_path

        bundle = SparseBundle(self.bundle)
        source = resample(load_motion(self.file), TRACKER_FPS)
        tracked = tracked_of(source, bundle.robot)
        out = require_clip_path(self.out or Path(f"{bundle.robot}-{source.name}.npz"))
        done = follow(
            tracked, bundle.robot, bundle, source.name, f"{source.source}; followed from three poses", live=self.live
        )
        errors, figures = place_errors(done.clip, retarget(source, bundle.robot)), check(done.clip)
        save_clip(done.clip, out)
        late = float((done.frame_s > 1.0 / TRACKER_FPS).mean())
        Console(highlight=False).print(
            f"{source.name}: {len(errors)} frames, head and hands {100 * errors.mean():.1f} cm (95 % within"
            f" {100 * np.quantile(errors, 0.95):.1f} cm) from where all of the body would put them; feet that stand"
            f" slip {figures.foot_slip_m_s:.3f} m/s; {done.rate_hz:.0f} frames per second of one core, {late:.1%}"
            f" of frames took longer than 1/60 s; wrote {out}",
            soft_wrap=True,
        )
        return {
            "clip": str(out), "error_m": float(errors.mean()), "error_p95_m": float(np.quantile(errors, 0.95)),
            "foot_slip_m_s": figures.foot_slip_m_s, "rate_hz": done.rate_hz, "late_share": late,
        }  # fmt: skip
