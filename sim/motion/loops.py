"""How a loop goes on: where and how turned its first frame comes again, and the frame that closes it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.motion.clip import Clip
from sim.quaternions import multiply

Array = NDArray[np.floating]
LEAST_TURN_RAD = 0.02
"""Of a loop: less is taken for rounding, and the loop for straight."""


class Seam(NamedTuple):
    """Between a loop's first frame and the one after its last."""

    shift: complex
    """How far it goes, x + iy, m, once its first frame is turned about the origin."""
    turn: float
    """About z, rad."""


NO_SEAM = Seam(0j, 0.0)


def seam_of(clip: Clip) -> Seam:
    """Return the seam of a clip that loops."""
    turn = continuous(clip.root_quaternion_w)
    yaw = np.unwrap(2.0 * np.arctan2(turn[:, 3], turn[:, 0]))
    steps = np.diff(yaw)
    angle = float(yaw[-1] - yaw[0] + _step_between(steps, steps))
    angle = 0.0 if abs(angle) < LEAST_TURN_RAD else angle
    way = clip.root_position_w[:, 0] + 1j * clip.root_position_w[:, 1]
    steps = np.diff(way)
    after = way[-1] + _step_between(steps, np.exp(1j * angle) * steps)
    return Seam(complex(after - np.exp(1j * angle) * way[0]), angle)


def opened(clip: Clip) -> Clip:
    """Return a clip that loops as one that does not: it ends with its first frame, one round later."""
    seam = seam_of(clip)
    return replace(
        clip,
        loops=False,
        root_position_w=closed(clip.root_position_w, seam),
        root_quaternion_w=closed_turns(clip.root_quaternion_w, seam),
        joint_angles=np.concatenate([clip.joint_angles, clip.joint_angles[:1]]),
        body_position_w=closed(clip.body_position_w, seam) if clip.body_names else clip.body_position_w,
        body_quaternion_w=closed_turns(clip.body_quaternion_w, seam) if clip.body_names else clip.body_quaternion_w,
        contact=np.concatenate([clip.contact, clip.contact[:1]]) if clip.contact_names else clip.contact,
    )


def closed(values: Array, seam: Seam) -> Array:
    """Append the first of positions (T, ..., 3) as it is one round later."""
    again = turned(values[:1], np.array([seam.turn]))
    again[..., 0] += seam.shift.real
    again[..., 1] += seam.shift.imag
    return np.concatenate([values, again])


def closed_turns(values: Array, seam: Seam) -> Array:
    """Append the first of quaternions (T, ..., 4) likewise."""
    yaw = np.array([np.cos(0.5 * seam.turn), 0.0, 0.0, np.sin(0.5 * seam.turn)])
    return np.concatenate([values, multiply(yaw, values[:1])])


def continuous(values: Array) -> Array:
    """Give neighbouring quaternions (T, ..., 4) the same sign."""
    dots = (values[1:] * values[:-1]).sum(axis=-1, keepdims=True)
    signs = np.cumprod(np.where(dots < 0.0, -1.0, 1.0), axis=0)
    return np.concatenate([values[:1], values[1:] * signs])


def turned(values: Array, angle: Array) -> Array:
    """Turn vectors (n, ..., 3) about z by angles (n,), rad."""
    spread = angle.reshape(-1, *(1,) * (values.ndim - 2))
    cosine, sine = np.cos(spread), np.sin(spread)
    x, y = values[..., 0], values[..., 1]
    return np.stack([cosine * x - sine * y, sine * x + cosine * y, values[..., 2]], axis=-1)


def _step_between(before: NDArray, after: NDArray) -> Any:
    """Return the step across a seam, from the two steps before and the two after it, by a cubic through them."""
    if len(before) < 2:
        return 0.5 * (before[-1] + after[0])
    return 2.0 / 3.0 * (before[-1] + after[0]) - 1.0 / 6.0 * (before[-2] + after[1])
