"""Targets that make joints show their dynamics: chirps and multisines within limits of angle, speed and torque.

Slow parts show friction and gravity, fast ones inertia and delay. A chirp from 0.1 to 10 Hz is what PACE moves robots
with in the air; a multisine with other phases for every joint moves the joints of a limb independently of each other.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.errors import ConfigError
from sim.spec import JointParameters

Array = NDArray[np.float64]
KINDS = ("both", "chirp", "multisine")
LOW_HZ, HIGH_HZ = 0.1, 10.0
"""PACE's band."""
TONES = 24
"""Of a multisine, on a logarithmic scale."""
FADE_S = 1.0
"""Every excitation begins and ends in the default pose, at rest."""
SPEED_SHARE = 0.15
"""Of the largest speed that a target may have: a soft joint overshoots up to threefold at its resonance."""
TORQUE_SHARE = 0.5
"""Of the largest torque that an amplitude may ask of the stiffness."""
RANGE_SHARE = 0.5
"""Of the way from the default pose to the nearer end of a joint's range."""
LARGEST_RAD = 0.4
"""A limb in the air then stays clear of the trunk and of its neighbours; ours."""


@dataclass(frozen=True)
class Limits:
    """Largest amplitude and speed of each joint's target; (n,)."""

    amplitude_rad: Array
    speed_rad_s: Array


def excitation_limits(parameters: JointParameters) -> Limits:
    """Return how far and how fast the joints of a robot may be sent."""
    pose = np.asarray(parameters.default_pose_rad)
    low, high = np.asarray(parameters.position_low_rad), np.asarray(parameters.position_high_rad)
    reach = RANGE_SHARE * np.minimum(pose - low, high - pose)
    torque = TORQUE_SHARE * np.asarray(parameters.effort_n_m) / np.asarray(parameters.kp)
    return Limits(
        np.minimum(np.minimum(reach, torque), LARGEST_RAD), SPEED_SHARE * np.asarray(parameters.velocity_rad_s)
    )


def excitation(
    parameters: JointParameters, time_s: Array, kind: str = "both", seed: int = 0, size: float = 1.0
) -> Array:
    """Return targets, (len(time_s), n) rad.

    Args:
        parameters: of the robot.
        time_s: (m,) from 0 to the end of the excitation.
        kind: of ``KINDS``; ``both`` is a chirp and then a multisine.
        seed: of the phases.
        size: share of what the limits allow, above 0, at most 1.

    Raises:
        ConfigError: for an unknown kind, a size that is none, or less time than twice the fade.
    """
    if kind not in KINDS:
        raise ConfigError(f"unknown excitation '{kind}'; choose one of: {', '.join(KINDS)}")
    if not 0.0 < size <= 1.0:
        raise ConfigError(f"the size of an excitation is above 0 and at most 1, not {size:g}")
    duration_s = float(time_s[-1])
    if not duration_s > 4.0 * FADE_S:
        raise ConfigError(f"an excitation of {duration_s:g} s is too short: give it more than {4.0 * FADE_S:g} s")
    limits, rng = excitation_limits(parameters), np.random.default_rng(seed)
    if kind == "both":
        half = 0.5 * duration_s
        first = time_s < half
        away = np.concatenate(
            [_chirp(time_s[first], half, limits, rng), _multisine(time_s[~first] - half, half, limits, rng)]
        )
    else:
        away = (_chirp if kind == "chirp" else _multisine)(time_s, duration_s, limits, rng)
    return np.asarray(parameters.default_pose_rad) + size * away


def _chirp(time_s: Array, duration_s: float, limits: Limits, rng: np.random.Generator) -> Array:
    """Return a logarithmic sweep, smaller where it is faster."""
    growth = math.log(HIGH_HZ / LOW_HZ) / duration_s
    rate = 2.0 * math.pi * LOW_HZ * np.exp(growth * time_s)[:, None]
    phase = rate / growth + rng.uniform(0.0, 2.0 * math.pi, len(limits.amplitude_rad))
    amplitude = np.minimum(limits.amplitude_rad, limits.speed_rad_s / rate)
    return _fade(time_s, duration_s) * amplitude * np.sin(phase)


def _multisine(time_s: Array, duration_s: float, limits: Limits, rng: np.random.Generator) -> Array:
    """Return many tones at once, the fast ones smaller, scaled to the tighter of both limits."""
    rates = 2.0 * math.pi * np.geomspace(max(LOW_HZ, 1.0 / duration_s), HIGH_HZ, TONES)
    phases = rng.uniform(0.0, 2.0 * math.pi, (TONES, 1, len(limits.amplitude_rad)))
    turns = rates[:, None, None] * time_s[None, :, None] + phases
    weights = (1.0 / np.sqrt(rates))[:, None, None]
    angle = (weights * np.sin(turns)).sum(axis=0)
    speed = (weights * rates[:, None, None] * np.cos(turns)).sum(axis=0)
    scale = np.minimum(limits.amplitude_rad / np.abs(angle).max(axis=0), limits.speed_rad_s / np.abs(speed).max(axis=0))
    return _fade(time_s, duration_s) * scale * angle


def _fade(time_s: Array, duration_s: float) -> Array:
    """Return a factor that rises from 0 and falls to 0 without a jerk, (m, 1)."""
    share = np.clip(np.minimum(time_s, duration_s - time_s) / FADE_S, 0.0, 1.0)
    return (share * share * (3.0 - 2.0 * share))[:, None]
