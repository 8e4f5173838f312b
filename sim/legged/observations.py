"""Terms of the observation by the names that a bundle has: functions of a ``BodyState`` to (n, size)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from sim.legged.state import Array, BodyState


def _flat(values: Array) -> Array:
    return values.reshape(len(values), -1)


OBSERVATIONS: Mapping[str, Callable[[BodyState], Array]] = MappingProxyType(
    {
        "gravity_b": lambda s: s.gravity_b,
        "angular_velocity_b": lambda s: s.angular_velocity_b,
        "velocity_command": lambda s: s.command,
        "joint_position_offset": lambda s: s.joint_position - s.robot.default_pose,
        "joint_velocity": lambda s: s.joint_velocity,
        "applied_action": lambda s: s.target,
        "velocity_b": lambda s: s.velocity_b,
        "base_height": lambda s: s.position_w[:, 2:3],
        "foot_height": lambda s: s.foot_position_w[:, :, 2],
        "foot_contact": lambda s: s.foot_contact,
        "air_time": lambda s: s.air_time,
        "friction": lambda s: s.friction,
        "base_mass": lambda s: s.base_mass,
        "action_delay": lambda s: s.action_delay,
        "twist_command": lambda s: s.hand.command_h,
        "target_centre": lambda s: s.centre,
        "hand_error": lambda s: s.hand.error_h,
        "hand_twist": lambda s: s.hand.twist_h,
        "foot_height_command": lambda s: s.foot_height_command,
        "motion_phase": lambda s: s.tracked.phase,
        "motion_joint_position": lambda s: s.tracked.reference.joint_position,
        "motion_joint_velocity": lambda s: s.tracked.reference.joint_velocity,
        "body_offset_w": lambda s: _flat(s.tracked.reference.body_position_w - s.tracked.position_w),
        "body_velocity_offset_w": lambda s: _flat(s.tracked.reference.body_velocity_w - s.tracked.velocity_w),
    }
)
