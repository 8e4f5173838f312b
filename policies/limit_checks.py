"""Limits of a bundle that would switch supervision off are refused before anything moves."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

from sim.errors import BundleError
from sim.spec import ActionSpec, Episode, FlightLimits, JointLimits


def check_action(action: ActionSpec, where: Path) -> None:
    """Refuse an action whose numbers do not fit its names or bound nothing.

    Raises:
        BundleError: naming ``where`` and the number.
    """
    for name in ("low", "high", "nominal", "slew_limit"):
        if len(getattr(action, name)) != action.size:
            raise BundleError(f"{where}: action.{name} needs one value for each of {', '.join(action.names)}")
    for motor, low, nominal, high in zip(action.names, action.low, action.nominal, action.high):
        if not (-math.inf < low <= nominal <= high < math.inf and low < high):
            raise BundleError(f"{where}: action '{motor}' needs low <= nominal <= high, has {low}, {nominal}, {high}")
    for motor, step in zip(action.names, action.slew_limit):
        if not 0.0 < step < math.inf:
            raise BundleError(f"{where}: action '{motor}' needs a positive slew_limit, has {step}")


def is_ordered(episode: Episode) -> bool:
    """Whether a hand opens before it rises, both before the end, and rises by a number."""
    times = [0, *(at for at in (episode.opens_at, episode.rises_at) if at is not None), episode.steps]
    rises = episode.rises_at is None or episode.opens_at is not None
    return times == sorted(times) and rises and 0.0 <= episode.rise_m < math.inf


def check_limits(limits: FlightLimits | JointLimits, action: ActionSpec, where: Path) -> None:
    """Refuse limits of the supervisor with joints left out or numbers that are none or not positive.

    Raises:
        BundleError: naming ``where`` and the limit.
    """
    arm = action.level == "end_effector_delta"  # its joints are not its commands, and it has no battery
    for item in dataclasses.fields(limits):
        value = getattr(limits, item.name)
        values = value if isinstance(value, tuple) else (value,)
        if isinstance(value, tuple) and len(value) != action.size and not arm:
            raise BundleError(f"{where}: limits.{item.name} needs one value for each of {', '.join(action.names)}")
        signed = item.name.startswith("position_") or (arm and item.name.startswith("battery_"))
        if not all(math.isfinite(number) and (signed or number > 0.0) for number in values):
            raise BundleError(f"{where}: limits.{item.name} must be {'finite' if signed else 'positive'}, is {value}")
    if isinstance(limits, JointLimits):
        joints = range(len(limits.position_low_rad)) if arm else action.names
        for joint, low, high in zip(joints, limits.position_low_rad, limits.position_high_rad):
            if not low < high:
                raise BundleError(f"{where}: joint '{joint}' needs a range, has {low} to {high} rad")
