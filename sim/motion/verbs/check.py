"""``sim2metal motion check``: how good motions are, and which may be trained on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro

from sim.motion.verbs.output import print_figures


@dataclass
class Check:
    """Measure motions: foot slip, penetration, joint limits, stability; refuse those that nobody could do."""

    files: tyro.conf.Positional[tuple[Path, ...]]
    """Motions: clips, .bvh, AMASS-like .npz."""
    source: Path | None = None
    """What a single robot's clip was made from: how far hands and feet are off."""
    strict: bool = False
    """Fail if one is refused."""

    def run(self) -> dict[str, Any]:
        """Measure and print; returns the figures by file.

        Raises:
            Sim2MetalError: one line that says what to do; with ``strict`` also if a motion is refused.
        """
        from sim.errors import ConfigError, VerificationError
        from sim.motion.check import check
        from sim.motion.clip import HUMAN
        from sim.motion.files.load import load_motion

        if not self.files:
            raise ConfigError("name at least one motion file")
        if self.source is not None and len(self.files) > 1:
            raise ConfigError(f"--source {self.source} goes with one clip, not with {len(self.files)}")
        source = None if self.source is None else load_motion(self.source)
        clips = [load_motion(path) for path in self.files]
        if source is not None and clips[0].character == HUMAN:
            raise ConfigError(f"--source {self.source} goes with a robot's clip; '{clips[0].name}' is of a person")
        rows = [(clip, check(clip, source)) for clip in clips]
        print_figures(rows)
        result = {str(path): figures.as_dict() for path, (_, figures) in zip(self.files, rows)}
        refused = [clip.name for clip, figures in rows if figures.refused]
        if self.strict and refused:
            error = VerificationError(f"{len(refused)} of {len(rows)} motions refused: {', '.join(refused)}")
            error.result = result  # type: ignore[attr-defined]
            raise error
        return result
