"""The motion that a policy follows, as what is kept of a policy has it: its record, and the clip in its bundle."""

from __future__ import annotations

from typing import Any

from policies.bundle import CLIP_FILE, Bundle
from sim.errors import BundleError, ConfigError
from sim.legged.motion import MOTION_JOINTS, clip_of
from sim.legged.spec import LeggedTaskSpec
from sim.motion.clip import Clip, load_clip


def clip_record(task: LeggedTaskSpec) -> dict[str, Any]:
    """Return which motion a task follows, JSON-able; nothing if it follows none."""
    clip = clip_of(task)
    if clip is None:
        return {}
    return {"clip": {"name": clip.name, "source": clip.source, "sha256": clip.digest()}}


def bundled_clip(bundle: Bundle) -> Clip | None:
    """Return the clip that travels with a bundle; ``None`` without one.

    Raises:
        BundleError: if it is not a motion of the bundle's robot, or the policy follows one that is not there.
    """
    if bundle.clip_path is None:
        if any(term.name == MOTION_JOINTS for term in bundle.info.observation):
            raise BundleError(f"{bundle.path} has no {CLIP_FILE}, which its policy follows; train it again")
        return None
    try:
        clip = load_clip(bundle.clip_path)
    except ConfigError as error:
        raise BundleError(f"{error}; train it again") from None
    if clip.character != bundle.info.robot.name:
        raise BundleError(f"{bundle.clip_path} is a motion of '{clip.character}', not of the bundle's robot")
    return clip
