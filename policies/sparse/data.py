"""The motions that a network for three poses is trained and judged by: made, put on the robot, kept in the run folder.

Inverse kinematics over all bodies is what the figures are measured against. It takes most of a training's time, so a
clip that is in the folder, of the same settings, is read instead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sim.errors import ConfigError
from sim.motion.clip import Clip, load_clip, save_clip
from sim.motion.resample import resample
from sim.motion.retarget import retarget
from sim.motion.sparse.tracked import TRACKER_FPS
from sim.motion.sparse.variations import Variation, make


@dataclass(frozen=True)
class Pair:
    """A person's motion and the robot's, frame by frame at the trackers' rate."""

    kind: str
    person: Clip
    robot: Clip


def load_pairs(
    variations: Sequence[Variation], robot: str, folder: Path, progress: Callable[[], None] | None = None
) -> list[Pair]:
    """Return the motions, those that are not in the folder made and left there.

    Args:
        variations: which.
        robot: who follows.
        folder: of the robot's clips; created.
        progress: called after each.

    Raises:
        ConfigError: for a robot that cannot follow a person.
        StorageError: if a clip cannot be written.
    """
    pairs = []
    for number, variation in enumerate(variations):
        person, path = make(variation), folder / f"{number:03d}-{variation.kind}.npz"
        clip = _kept(path, person, robot)
        if clip is None:
            clip = retarget(person, robot)
            save_clip(clip, path)
        pairs.append(Pair(variation.kind, resample(person, TRACKER_FPS), resample(clip, TRACKER_FPS)))
        if progress is not None:
            progress()
    return pairs


def _kept(path: Path, person: Clip, robot: str) -> Clip | None:
    """Return the clip that an earlier run left, if it is of this motion."""
    try:
        clip = load_clip(path)
    except ConfigError:
        return None
    return clip if clip.character == robot and clip.source.startswith(f"{person.source};") else None
