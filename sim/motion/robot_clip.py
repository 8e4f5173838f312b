"""The clip that a robot is to follow, from what a user names: a generator, or a file of whoever moved."""

from __future__ import annotations

import difflib
from pathlib import Path

from sim.errors import ConfigError
from sim.motion.check import check
from sim.motion.clip import HUMAN, Clip
from sim.motion.files.load import load_motion
from sim.motion.generators.plan import Settings
from sim.motion.generators.registry import GENERATORS, generate
from sim.motion.retarget import retarget
from sim.motion.size import stature_for


def robot_clip(named: str, robot: str, *, unchecked: bool = False) -> Clip:
    """Return a motion of a robot that it may be trained on.

    Args:
        named: a generator, whose motion is made at the robot's size; or a file, clip, BVH or AMASS-like. A person's
            motion is put on the robot.
        robot: who shall follow.
        unchecked: take what ``sim.motion.check`` refuses, too.

    Raises:
        ConfigError: for neither of them, a file that could not be a motion, a clip of another robot, a robot that
            nobody has said how to put motions on, or a motion that is refused.
    """
    clip = _named(named, robot)
    reason = "" if unchecked else check(clip).refused
    if reason:
        raise ConfigError(
            f"clip '{clip.name}' of '{robot}': {reason}; 'sim2metal motion check' measures it, --unchecked trains on it"
        )
    return clip


def _named(named: str, robot: str) -> Clip:
    """Return the motion, whether the robot could do it or not."""
    if named in GENERATORS:
        return retarget(generate(named, Settings(stature_m=stature_for(robot))), robot)
    if not Path(named).exists() and not Path(named).suffix:
        near = difflib.get_close_matches(named, GENERATORS, n=1)
        hint = f" (did you mean '{near[0]}'?)" if near else ""
        raise ConfigError(f"no motion '{named}'{hint}: give a file, or one of: {', '.join(GENERATORS)}")
    clip = load_motion(named)
    if clip.character == HUMAN:
        return retarget(clip, robot)
    if clip.character != robot:
        raise ConfigError(
            f"{named} is a motion of '{clip.character}', not of '{robot}':"
            f" 'sim2metal motion retarget {named} --robot {robot}' makes one"
        )
    return clip
