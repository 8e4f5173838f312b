"""``sim2metal motion show``: look at motions, in MuJoCo's viewer, as a film or as a sheet of pictures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro
from rich.console import Console

from sim.errors import ConfigError
from sim.files import require_writable, write_atomic


@dataclass
class Show:
    """Show motions: in a window, as a film, as a sheet of pictures with a row for each."""

    files: tyro.conf.Positional[tuple[Path, ...]]
    """Motions: clips, .bvh, AMASS-like .npz."""
    video: Path | None = None
    """Write a film (.mp4) of one motion."""
    figure: Path | None = None
    """Write a sheet (.png)."""
    pictures: int = 6
    """In a row of the sheet, 1 to 20."""

    def run(self) -> dict[str, Any]:
        """Show; returns what was written.

        Raises:
            Sim2MetalError: one line that says what to do.
        """
        from sim.motion.files.load import load_motion

        self._check()
        clips = [load_motion(path) for path in self.files]
        if self.figure is None and self.video is None:
            from sim.motion.viewer import play

            play(clips[0])
            return {"figure": None, "video": None}
        from sim.motion.pictures import film, sheet

        if self.figure is not None:
            write_atomic(self.figure, sheet(clips, self.pictures))
        if self.video is not None:
            write_atomic(self.video, film(clips[0]))
        written = [str(path) for path in (self.figure, self.video) if path is not None]
        Console(highlight=False).print(f"wrote {' and '.join(written)}", soft_wrap=True)
        return {"figure": self.figure and str(self.figure), "video": self.video and str(self.video)}

    def _check(self) -> None:
        if not self.files:
            raise ConfigError("name at least one motion file")
        if not 1 <= self.pictures <= 20:
            raise ConfigError(f"--pictures {self.pictures}: expected 1 to 20")
        if len(self.files) > 1 and (self.video is not None or self.figure is None):
            raise ConfigError("a window and a film show one motion; --figure takes several")
        for option, path, suffix in (("video", self.video, ".mp4"), ("figure", self.figure, ".png")):
            if path is None:
                continue
            if path.suffix.lower() != suffix:
                raise ConfigError(f"--{option} {path}: expected a name that ends in {suffix}")
            require_writable(path)
