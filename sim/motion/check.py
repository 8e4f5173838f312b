"""How good a motion is, in figures: feet on the ground, joints at their limits, hands where they should be."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.bodies.parameters import joint_parameters
from sim.motion.clip import HUMAN, Clip
from sim.motion.ground import Ground, ground_of
from sim.motion.retarget import end_effector_error
from sim.motion.stability import judge_stability

Array = NDArray[np.float64]

MOST_SLIP_M_S = 0.2
"""Mean over feet in contact; ours: recorded walking has 0.12 as it comes (CMU, subject 12, trial 1: feet that land)."""
MOST_PENETRATION_M = 0.02
"""Ours: deeper, and contact forces throw the robot up at reset."""
LEAST_DURATION_S = 0.1
"""Ours: five steps of a control at 50 Hz; less is a file that was cut."""
MOST_FLOATING_M = 0.2
"""Of the lowest foot while one is in contact; ours: the rule that finds contacts lets ankles through up to 0.15 m."""
TOUCH_M = 0.005
"""A foot lower than this slides rather than swings; ours."""
LIMIT_TOLERANCE_RAD = 1e-4
"""What rounding may add to a limit."""


@dataclass(frozen=True)
class Figures:
    """Of one clip. Robots only: the joints' figures; only with a source: the end-effectors'.

    Attributes:
        duration_s: of the clip.
        foot_slip_m_s: level speed of feet while they are in contact, mean.
        foot_slip_max_m_s: the same, largest.
        penetration_m: of the lowest shape, largest.
        floating_m: height of the lowest foot in frames with contact, largest.
        joint_limit_violations: joint angles beyond the range, counted over joints and frames.
        joint_speed_share: largest joint speed over what the motor can do.
        end_effector_m: how far feet and hands are from where the source has them, mean.
        end_effector_max_m: the same, largest.
        stable_share: of the frames.
        seam_share: where the clip loops, largest joint change across the seam over the largest within.
        refused: why it should not be trained on; empty if it may.
    """

    duration_s: float
    foot_slip_m_s: float
    foot_slip_max_m_s: float
    penetration_m: float
    floating_m: float
    joint_limit_violations: int | None
    joint_speed_share: float | None
    end_effector_m: float | None
    end_effector_max_m: float | None
    stable_share: float
    seam_share: float | None
    refused: str

    def as_dict(self) -> dict[str, Any]:
        """Return them by name."""
        return asdict(self)


def check(clip: Clip, source: Clip | None = None) -> Figures:
    """Measure a clip.

    Args:
        clip: of a person or a robot.
        source: what a robot's clip was made from, for the end-effectors' error.

    Raises:
        ConfigError: for a clip that is not of the robot it says it is of, or a source of another length.
    """
    ground = ground_of(clip)
    slip = foot_slip(ground, clip.fps)
    low = np.where(ground.contact.any(axis=1), ground.foot_heights.min(axis=1), 0.0)
    stability = judge_stability(ground, clip.fps)
    violations, speed, beyond = (None, None, "") if clip.character == HUMAN else _joints(clip)
    error = None if source is None else end_effector_error(clip, source)
    penetration = float(max(0.0, -ground.lowest.min()))
    floating = float(max(0.0, low.max()))
    mean_slip = float(slip.mean()) if len(slip) else 0.0
    return Figures(
        duration_s=clip.duration_s,
        foot_slip_m_s=mean_slip,
        foot_slip_max_m_s=float(slip.max(initial=0.0)),
        penetration_m=penetration,
        floating_m=floating,
        joint_limit_violations=violations,
        joint_speed_share=speed,
        end_effector_m=None if error is None else float(error.mean()),
        end_effector_max_m=None if error is None else float(error.max()),
        stable_share=float(stability.stable.mean()),
        seam_share=_seam(clip) if clip.loops else None,
        refused=_too_short(clip)
        or _off_the_ground(ground, floating)
        or _why_not(mean_slip, penetration, speed)
        or beyond
        or stability.reason,
    )


def foot_slip(ground: Ground, fps: float) -> Array:
    """Return the level speeds of feet between frames in which both times they are in contact, m/s; (contacts,).

    Of each foot the lowest point counts, as feet roll from heel to toe without sliding. The rule that finds contacts
    where a clip has none is lax (a slow swing passes for contact), so it counts only where it also touches the ground.
    """
    speeds = [_slip_of_lowest(points, fps) for points in ground.foot_points]
    touches = ground.contact & (ground.foot_heights < TOUCH_M)
    return np.stack(speeds, axis=1)[touches[1:] & touches[:-1]]


def _slip_of_lowest(points: Array, fps: float) -> Array:
    """Return the level speed from each frame to the next of the point that is lowest in the two together; (T-1,)."""
    lowest = (points[1:, :, 2] + points[:-1, :, 2]).argmin(axis=1)
    step = np.take_along_axis(np.diff(points[..., :2], axis=0), lowest[:, None, None], axis=1)[:, 0]
    return np.linalg.norm(step, axis=1) * fps


def _joints(clip: Clip) -> tuple[int, float, str]:
    """Return how many angles are beyond their ranges, the largest speed over its motor's, and the first such angle."""
    parameters = joint_parameters(clip.character)
    low, high = np.array(parameters.position_low_rad), np.array(parameters.position_high_rad)
    beyond = (clip.joint_angles < low - LIMIT_TOLERANCE_RAD) | (clip.joint_angles > high + LIMIT_TOLERANCE_RAD)
    angles = np.concatenate(
        [clip.joint_angles, clip.joint_angles[: int(clip.loops)]]
    )  # the seam of a loop is a step, too
    rate = np.abs(np.diff(angles, axis=0)) * clip.fps
    reason = ""
    if beyond.any():
        frame, joint = (int(k) for k in np.argwhere(beyond)[0])
        reason = (
            f"joint '{clip.joint_names[joint]}', frame {frame}: {clip.joint_angles[frame, joint]:.3g} rad is beyond its"
            f" range, {low[joint]:.3g} to {high[joint]:.3g} (so are {int(beyond.sum())} angles in all)"
        )
    return int(beyond.sum()), float((rate / np.array(parameters.velocity_rad_s)).max()), reason


def _seam(clip: Clip) -> float:
    within = np.abs(np.diff(clip.joint_angles, axis=0)).max()
    across = np.abs(clip.joint_angles[0] - clip.joint_angles[-1]).max()
    return float(across / within) if within > 1e-12 else 0.0


def _too_short(clip: Clip) -> str:
    if clip.duration_s < LEAST_DURATION_S:
        return f"it lasts {clip.duration_s:.2f} s, less than {LEAST_DURATION_S:g}"
    return ""


def _off_the_ground(ground: Ground, floating: float) -> str:
    if not ground.contact.any():
        return f"no foot is ever on the ground: the lowest is {ground.foot_heights.min():.2f} m above it"
    if floating > MOST_FLOATING_M:
        return f"feet that are said to be in contact are {floating:.2f} m above the ground; is the unit metres?"
    return ""


def _why_not(slip: float, penetration: float, speed: float | None) -> str:
    if slip > MOST_SLIP_M_S:
        return f"feet in contact slip {slip:.2f} m/s, more than {MOST_SLIP_M_S:g}"
    if penetration > MOST_PENETRATION_M:
        return f"{penetration * 1e3:.0f} mm in the ground, more than {MOST_PENETRATION_M * 1e3:g}"
    if speed is not None and speed > 1.0:
        return f"a joint is {speed:.1f} times as fast as its motor"
    return ""
