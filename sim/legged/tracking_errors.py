"""Errors of a robot that follows a motion: functions of a ``BodyState`` to (n,), rewarded as exp(-error / sigma).

After PBHC (arXiv 2506.12851, table of rewards): squared errors, means over bodies, joints and axes, in the world. They
use only what NumPy's arrays and torch's tensors share: see ``sim.legged.state``.
"""

from __future__ import annotations

from sim.legged.state import Array, BodyState


def body_position(s: BodyState) -> Array:
    """Mean square of the places of all bodies, m^2."""
    return _square(s.tracked.position_w - s.tracked.reference.body_position_w)


def end_position(s: BodyState) -> Array:
    """The same of hands and head alone, m^2; PBHC's three points."""
    t = s.tracked
    return _square(t.position_w[:, t.ends] - t.reference.body_position_w[:, t.ends])


def foot_position(s: BodyState) -> Array:
    """The same of the feet, m^2."""
    t = s.tracked
    return _square(t.position_w[:, t.feet] - t.reference.body_position_w[:, t.feet])


def body_rotation(s: BodyState) -> Array:
    """Mean over all bodies of (2 sin(angle / 2))^2, rad^2: the squared angle, as long as it is small."""
    cosine = (s.tracked.quaternion_w * s.tracked.reference.body_quaternion_w).sum(2)
    return (4.0 * (1.0 - cosine * cosine)).mean(1)


def body_velocity(s: BodyState) -> Array:
    """Mean square of the velocities of all bodies, m^2/s^2."""
    return _square(s.tracked.velocity_w - s.tracked.reference.body_velocity_w)


def body_angular_velocity(s: BodyState) -> Array:
    """Mean square of the angular velocities of all bodies, rad^2/s^2."""
    return _square(s.tracked.angular_velocity_w - s.tracked.reference.body_angular_velocity_w)


def joint_position(s: BodyState) -> Array:
    """Mean square of the joint angles, rad^2."""
    return _square(s.joint_position - s.tracked.reference.joint_position)


def joint_velocity(s: BodyState) -> Array:
    """Mean square of the joint speeds, rad^2/s^2."""
    return _square(s.joint_velocity - s.tracked.reference.joint_velocity)


def largest_joint_position(s: BodyState) -> Array:
    """Largest square of a joint angle, rad^2; PBHC's max joint."""
    error = s.joint_position - s.tracked.reference.joint_position
    return _largest(error * error)


def mean_body_distance(s: BodyState) -> Array:
    """Mean distance of the bodies from where the motion has them, in the world, m: E_g-mpbpe of one moment."""
    error = s.tracked.position_w - s.tracked.reference.body_position_w
    return ((error * error).sum(2) ** 0.5).mean(1)


def _square(error: Array) -> Array:
    square = error * error
    return square.reshape(len(square), -1).mean(1)


def _largest(values: Array) -> Array:
    largest = values.max(1)
    return largest if not hasattr(largest, "values") else largest.values  # torch returns where it is, too
