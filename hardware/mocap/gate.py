"""Which poses may reach a robot: finite, in range, in order, in time, and where the body can have got to.

Pure, without clock and without I/O. An estimator never recovers from a pose that is no number, and believes
one that is 30 cm off; a pose that is refused only makes the stream look older, and that has its safe action.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from hardware.mocap.frame import MocapFrame, RigidBody
from hardware.states import FlightState

FARTHEST_M = 50.0
"""A position further from the origin is none of a room with cameras."""
UNIT_TOLERANCE = 0.01
"""How far a quaternion's length may be from 1: single precision and three digits of text keep well within."""
SPEED_M_S = 5.0
"""Fastest motion believed: above what any bundle here is allowed to fly (3 m/s)."""
NOISE_M = 0.05
"""Distance that two poses in a row may lie apart besides: noise, and the pivot of a body that is refined."""
TURN_RAD_S = 35.0
"""Fastest turn believed: the gyroscope's range of 2000 deg/s (crazyflie-firmware, ``sensors_bmi088_bmp388.c``)."""
TURN_NOISE_RAD = 0.35
"""Turn besides; a symmetric arrangement of markers that is mistaken for itself turns by 60 degrees or more."""
FARTHEST_JUMP_M = 0.5
"""Longest way believed however long a body was not seen, while it flies."""
FORGET_S = 1.0
"""A body on the ground that was not seen for so long may be anywhere: somebody carried it."""
STATE_AGE_S = 0.15
"""Oldest report of the robot that a pose is compared with: the oldest that it may fly with."""
DISAGREEMENT_M, DISAGREEMENT_RAD = 0.25, 0.6
"""Most that a pose may differ from the armed robot's own estimate: several times what fast flight and the delays of
two reports make of it, and less than two robots that change their names (they stand 0.3 m apart or more)."""
LATE_S = 0.1
"""Delay beyond the shortest one seen after which a frame is too old to be of use: it waited in a queue."""
DRIFT = 1e-3
"""How much faster one clock may run than the other: a bound on quartz, with room."""


class FrameGate:
    """Whether a frame is newer than the one before, by the system's own count and clock."""

    def __init__(self) -> None:
        self._number: int | None = None
        self._time_s: float | None = None
        self._received_s = -math.inf
        self._shortest_s: float | None = None

    def refusal(self, frame: MocapFrame) -> str | None:
        """Return why the frame is refused; ``None``: it is not."""
        received_s = frame.received_ns / 1e9
        pause_s = received_s - self._received_s
        if frame.time_s is not None and not math.isfinite(frame.time_s):
            return "time that is not a number"
        if pause_s > FORGET_S:  # a system that was restarted counts anew
            self._number = self._time_s = self._shortest_s = None
        if self._number is not None and frame.number is not None and frame.number <= self._number:
            return "frame out of order"
        if self._time_s is not None and frame.time_s is not None and frame.time_s < self._time_s:
            return "time that runs backwards"
        self._received_s, self._number, self._time_s = received_s, frame.number, frame.time_s
        if frame.time_s is None:
            return None
        delay_s = received_s - frame.time_s
        if self._shortest_s is None or delay_s < self._shortest_s + DRIFT * pause_s:
            self._shortest_s = delay_s
        else:
            self._shortest_s += DRIFT * pause_s
        return "frame that comes late" if delay_s - self._shortest_s > LATE_S else None


@dataclass(frozen=True, slots=True)
class CheckedPose:
    """A pose that may go to a robot."""

    received_ns: int
    position_w: tuple[float, ...]
    """(3,) m"""
    orientation_wxyz: tuple[float, ...]
    """(4,) unit quaternion, world<-body."""


class PoseGate:
    """Whether one body's pose follows from the one before."""

    def __init__(self) -> None:
        self.last: CheckedPose | None = None
        """The newest accepted pose."""

    def check(self, body: RigidBody, received_ns: int, state: FlightState | None = None) -> CheckedPose | str:
        """Return the pose, its quaternion normalised, or why it is refused.

        Args:
            body: from a frame that passed its own gate.
            received_ns: its arrival.
            state: newest report of the robot; an armed one may be flying and is not carried elsewhere.
        """
        values = (*body.position_w, *body.orientation_wxyz)
        if len(values) != 7 or not all(map(math.isfinite, values)):
            return "pose that is not a number"
        if max(map(abs, body.position_w)) > FARTHEST_M:
            return f"position beyond {FARTHEST_M:g} m"
        length = math.hypot(*body.orientation_wxyz)
        if abs(length - 1.0) > UNIT_TOLERANCE:
            return "orientation that is no unit quaternion"
        unit = tuple(value / length for value in body.orientation_wxyz)
        pose = CheckedPose(received_ns, body.position_w, unit)
        armed = state is not None and state.armed
        if self.last is not None and (refusal := self._jump(self.last, pose, armed)):
            return refusal
        if state is not None and armed and (refusal := _disagreement(pose, state)):
            return refusal
        self.last = pose
        return pose

    def _jump(self, last: CheckedPose, pose: CheckedPose, armed: bool) -> str | None:
        gap_s = (pose.received_ns - last.received_ns) / 1e9
        if not armed and gap_s > FORGET_S:
            return None
        reach = min(NOISE_M + SPEED_M_S * gap_s, FARTHEST_JUMP_M)
        if math.dist(pose.position_w, last.position_w) > reach:
            return "position that jumps"
        if _turn_rad(last.orientation_wxyz, pose.orientation_wxyz) > TURN_NOISE_RAD + TURN_RAD_S * gap_s:
            return "orientation that jumps"
        return None


def _disagreement(pose: CheckedPose, state: FlightState) -> str | None:
    """Return where a pose contradicts the robot's own estimate, which inertia carries on without poses.

    So a pose that jumped stays refused, however long the way that a body may have flown meanwhile.
    """
    age_s = (pose.received_ns - state.received_ns) / 1e9
    if not state.finite or age_s > STATE_AGE_S:
        return None
    expected = [p + v * age_s for p, v in zip(state.position_w, state.velocity_w)]
    if math.dist(pose.position_w, expected) > DISAGREEMENT_M:
        return "position that contradicts the robot's own"
    turning = math.hypot(*state.angular_velocity_b) * STATE_AGE_S
    if _turn_rad(pose.orientation_wxyz, state.orientation_wxyz) > DISAGREEMENT_RAD + turning:
        return "orientation that contradicts the robot's own"
    return None


def _turn_rad(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the angle between two orientations; a quaternion and its negative are the same."""
    cosine = abs(sum(a * b for a, b in zip(one, other)))
    return 2.0 * math.acos(min(cosine, 1.0))
