"""What cannot be a motion: shapes that differ, missing numbers, degrees, centimetres, a wrong frame rate.

A wrong unit trains for hours before anybody sees it, so every clip is looked at where it is made. The bounds are
several times what people and robots do, and far below what a wrong unit gives.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.errors import ConfigError
from sim.motion import skeleton

if TYPE_CHECKING:
    from sim.motion.clip import Clip

Array = NDArray[np.float64]

MOST_ANGLE_RAD = 2.0 * np.pi
"""No joint here turns further than once; a degree is 57 times as much."""
MOST_HEIGHT_M = 10.0
"""Of the root: nobody jumps so high, and centimetres give 90."""
MOST_AWAY_M = 1000.0
"""Of the root from the world's origin, level: training's float32 has 0.06 mm left there."""
MOST_SIZE_M = 4.0
"""Between the root and a body of a person."""
LEAST_SIZE_M = 0.2
"""Between the root and a person's furthest body: less is another unit (decimetres, inches as metres)."""
MOST_SPEED_M_S = 20.0
"""Of the root: sprinters reach 12 (Usain Bolt, 2009, 12.4)."""
MOST_RATE_RAD_S = 100.0
"""Of the root's turn and of joints: the fastest motor here turns at 37. Of what people do, the shoulder of a pitcher
alone is faster, 126 for some milliseconds (Fleisig et al. 1995)."""
UNIT_TOLERANCE = 1e-3
"""Of a quaternion's length."""
FPS_RANGE = (1.0, 1000.0)


def check_plausible(clip: Clip) -> None:
    """Refuse what cannot be a motion.

    Raises:
        ConfigError: one line with clip, joint and frame.
    """
    low, high = FPS_RANGE
    if not low <= clip.fps <= high:
        raise ConfigError(f"clip '{clip.name}': {clip.fps:g} frames per second; expected {low:g} to {high:g}")
    _check_shapes(clip)
    _check_numbers(clip)
    _check_quaternions(clip)
    _check_units(clip)
    _check_speeds(clip)


def check_person(clip: Clip) -> None:
    """Refuse a person without the bodies, joints and feet of ``sim/motion/skeleton.py``, in their order.

    Raises:
        ConfigError: one line with clip and what is missing, unknown or in the wrong place.
    """
    _check_names(clip, "body", clip.body_names, skeleton.BODIES)
    _check_names(clip, "joint", clip.joint_names, skeleton.JOINTS)
    if clip.contact_names:
        _check_names(clip, "foot in contact", clip.contact_names, skeleton.FEET)


def _check_names(clip: Clip, kind: str, found: tuple[str, ...], wanted: tuple[str, ...]) -> None:
    for name in wanted:
        if name not in found:
            raise ConfigError(f"clip '{clip.name}' lacks {kind} '{name}' of a person")
    for place, name in enumerate(found):
        if name not in wanted:
            raise ConfigError(f"clip '{clip.name}': a person has no {kind} '{name}'")
        if name != wanted[place]:
            raise ConfigError(f"clip '{clip.name}': {kind} {place} is '{name}', but '{wanted[place]}' of a person")


def _check_shapes(clip: Clip) -> None:
    frames = clip.root_position_w.shape[0] if clip.root_position_w.ndim else 0
    if frames < 2:
        raise ConfigError(f"clip '{clip.name}' has {frames} frames; a motion has 2 or more")
    for kind, names in (("joint", clip.joint_names), ("body", clip.body_names), ("contact", clip.contact_names)):
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ConfigError(f"clip '{clip.name}': {kind} '{twice}' is there twice")
    bodies, feet = len(clip.body_names), len(clip.contact_names)
    expected = {
        "root_position_w": (frames, 3),
        "root_quaternion_w": (frames, 4),
        "joint_angles": (frames, len(clip.joint_names)),
        "body_position_w": (frames, bodies, 3) if bodies else (0, 0, 3),
        "body_quaternion_w": (frames, bodies, 4) if bodies else (0, 0, 4),
        "contact": (frames, feet) if feet else (0, 0),
    }
    for name, shape in expected.items():
        found = getattr(clip, name).shape
        if found != shape and not (0 in shape and 0 in found):
            raise ConfigError(f"clip '{clip.name}': '{name}' is {found}, expected {shape}")


def _columns(clip: Clip) -> list[tuple[str, Array]]:
    """Return what varies over time, (T, columns), each with how to name a column."""
    parts = [("root position", clip.root_position_w), ("root quaternion", clip.root_quaternion_w)]
    if clip.body_names:
        parts += [
            (f"body '{name}'", of[:, body])
            for body, name in enumerate(clip.body_names)
            for of in (clip.body_position_w, clip.body_quaternion_w)
        ]
    joints = [(f"joint '{name}'", clip.joint_angles[:, k : k + 1]) for k, name in enumerate(clip.joint_names)]
    return parts + joints


def _check_numbers(clip: Clip) -> None:
    for name, values in _columns(clip):
        bad = ~np.isfinite(values).all(axis=1)
        if bad.any():
            raise ConfigError(f"clip '{clip.name}', {name}, frame {int(bad.argmax())}: not a finite number")


def _check_quaternions(clip: Clip) -> None:
    for name, values in _columns(clip):
        if values.shape[1] != 4:
            continue
        length = np.linalg.norm(values, axis=1)
        bad = np.abs(length - 1.0) > UNIT_TOLERANCE
        if bad.any():
            frame = int(bad.argmax())
            raise ConfigError(
                f"clip '{clip.name}', {name}, frame {frame}: a quaternion of length {length[frame]:.4g}, "
                "expected 1 (wxyz)"
            )


def _check_units(clip: Clip) -> None:
    over = np.abs(clip.joint_angles) > MOST_ANGLE_RAD
    if over.any():
        frame, joint = (int(k) for k in np.argwhere(over)[0])
        raise ConfigError(
            f"clip '{clip.name}', joint '{clip.joint_names[joint]}', frame {frame}: "
            f"{clip.joint_angles[frame, joint]:.4g} rad is more than a whole turn; are these degrees?"
        )
    height = np.abs(clip.root_position_w[:, 2])
    if height.max() > MOST_HEIGHT_M:
        frame = int(height.argmax())
        raise ConfigError(
            f"clip '{clip.name}', root position, frame {frame}: {clip.root_position_w[frame, 2]:.4g} m above "
            "the ground; are these centimetres?"
        )
    away = np.abs(clip.root_position_w[:, :2]).max(axis=1)
    if away.max() > MOST_AWAY_M:
        frame = int(away.argmax())
        raise ConfigError(
            f"clip '{clip.name}', root position, frame {frame}: {away[frame]:.4g} m from the origin, expected at most"
            f" {MOST_AWAY_M:g}; is the unit metres?"
        )
    if clip.body_names:
        _check_size(clip)


def _check_size(clip: Clip) -> None:
    reach = np.linalg.norm(clip.body_position_w - clip.root_position_w[:, None], axis=2)
    frame, body = (int(k) for k in np.unravel_index(reach.argmax(), reach.shape))
    if not LEAST_SIZE_M <= reach[frame, body] <= MOST_SIZE_M:
        raise ConfigError(
            f"clip '{clip.name}', body '{clip.body_names[body]}', frame {frame}: {reach[frame, body]:.4g} m from "
            f"the root, expected {LEAST_SIZE_M:g} to {MOST_SIZE_M:g} for a person; is the unit metres?"
        )


def _check_speeds(clip: Clip) -> None:
    speed = np.linalg.norm(np.diff(clip.root_position_w, axis=0), axis=1) * clip.fps
    if speed.max() > MOST_SPEED_M_S:
        frame = int(speed.argmax()) + 1
        raise ConfigError(
            f"clip '{clip.name}', root position, frame {frame}: {speed[frame - 1]:.3g} m/s, "
            f"expected at most {MOST_SPEED_M_S:g}; is it really {clip.fps:g} frames per second?"
        )
    if clip.body_names:  # a rotation vector jumps by a turn where it passes half of one; bodies do not
        _check_rates(clip, [(f"body '{name}'", clip.body_quaternion_w[:, k]) for k, name in enumerate(clip.body_names)])
        return
    _check_rates(clip, [("root quaternion", clip.root_quaternion_w)])
    rate = np.abs(np.diff(clip.joint_angles, axis=0)) * clip.fps
    if rate.size and rate.max() > MOST_RATE_RAD_S:
        frame, joint = (int(k) for k in np.unravel_index(rate.argmax(), rate.shape))
        raise _too_fast(clip, f"joint '{clip.joint_names[joint]}'", frame + 1, rate[frame, joint])


def _check_rates(clip: Clip, turns: list[tuple[str, Array]]) -> None:
    for name, quaternion in turns:
        # Between neighbours: cos(angle / 2) = |p . q|.
        cosine = np.abs((quaternion[1:] * quaternion[:-1]).sum(axis=1)).clip(0.0, 1.0)
        rate = 2.0 * np.arccos(cosine) * clip.fps
        if rate.max() > MOST_RATE_RAD_S:
            frame = int(rate.argmax())
            raise _too_fast(clip, name, frame + 1, rate[frame])


def _too_fast(clip: Clip, what: str, frame: int, rate: float) -> ConfigError:
    return ConfigError(
        f"clip '{clip.name}', {what}, frame {frame}: {rate:.3g} rad/s, expected at most {MOST_RATE_RAD_S:g}; "
        f"is it really {clip.fps:g} frames per second, and are angles radians?{_first_frame_hint(frame)}"
    )


def _first_frame_hint(frame: int) -> str:
    """Many recordings begin with a pose for calibration, arms out."""
    return " If frame 0 is a pose apart, 'motion convert --first 1' leaves it out." if frame == 1 else ""
