"""What the following of a motion learns about itself in training: tolerances, and where it fails.

It outlives the simulations, which are made anew at every checkpoint, and goes into checkpoints itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from sim.errors import ConfigError
from sim.legged.motion import clip_of
from sim.legged.spec import LeggedTaskSpec
from sim.legged.start_times import StartTimes
from sim.legged.tolerances import Tolerances


@dataclass(frozen=True)
class TrackingSettings:
    """How a motion is learnt."""

    tolerance: Literal["adaptive", "fixed"] = "adaptive"
    """Of the tracking rewards: tightening with the error (PBHC), or as at the start."""
    starts: Literal["even", "hard"] = "even"
    """Where episodes begin in the motion: anywhere alike, or more often where they fail (BeyondMimic)."""


ANYWHERE = TrackingSettings(tolerance="fixed", starts="even")
"""Of learners that copy a teacher, and to whom rewards are nothing: only where episodes begin counts."""


class TrackingProgress:
    """The state of both.

    Args:
        task: with its motion.
        settings: which of the methods.

    Raises:
        ConfigError: if it has none.
    """

    def __init__(self, task: LeggedTaskSpec, settings: TrackingSettings) -> None:
        clip = clip_of(task)
        if clip is None:
            raise ConfigError(f"task '{task.name}' has no motion to follow: give one by --clip")
        self.tolerances = Tolerances(task.tolerances, settings.tolerance == "adaptive")
        self.starts = StartTimes(clip.duration_s, settings.starts == "hard")

    def figures(self) -> dict[str, float]:
        """Return what a curve shows: every tolerance, and how often the hardest segment is begun in over the mean."""
        shown = {f"tolerance_{name}": value for name, value in self.tolerances.values().items()}
        return {**shown, "hardest_start": float(self.starts.probabilities.max() * len(self.starts.probabilities))}

    def arrays(self) -> dict[str, np.ndarray]:
        """Return what a checkpoint keeps."""
        return {"tolerances": self.tolerances.array(), "starts": self.starts.array()}

    def restore(self, arrays: dict[str, np.ndarray]) -> None:
        """Put back what ``arrays`` returned."""
        self.tolerances.restore(arrays["tolerances"])
        self.starts.restore(arrays["starts"])
