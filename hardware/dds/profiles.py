"""The robots this link knows: which messages they speak and which motor is which joint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sim.errors import ConfigError

Family = Literal["hg", "go"]


@dataclass(frozen=True)
class DdsProfile:
    """What one kind of robot does on DDS."""

    robot: str
    family: Family
    motor_joints: tuple[str, ...]
    """Joint of each motor, in the order of ``motor_cmd``."""
    machine_types: tuple[int, ...] = ()
    """Values of ``mode_machine`` with these joints; empty where the message has none."""

    def motor_indices(self, joint_names: Sequence[str]) -> tuple[int, ...]:
        """Return the motor of each joint of a policy.

        Raises:
            ConfigError: if the joints are not this robot's, all of them, each once.
        """
        unknown = [name for name in joint_names if name not in self.motor_joints]
        if unknown:
            raise ConfigError(f"robot '{self.robot}' has no joint '{unknown[0]}': this bundle is for another robot")
        if len(set(joint_names)) != len(joint_names):
            raise ConfigError(f"robot '{self.robot}': a joint is named twice")
        missing = [name for name in self.motor_joints if name not in joint_names]
        if missing:
            raise ConfigError(
                f"robot '{self.robot}': nobody commands joint '{missing[0]}' ({len(missing)} of "
                f"{len(self.motor_joints)} joints are missing); a bundle must command all of them"
            )
        return tuple(self.motor_joints.index(name) for name in joint_names)


def _sides(side: str, joints: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"{side}_{joint}_joint" for joint in joints)


_LEG = ("hip_pitch", "hip_roll", "hip_yaw", "knee", "ankle_pitch", "ankle_roll")
_WAIST = ("waist_yaw_joint", "waist_roll_joint", "waist_pitch_joint")
_ARM = ("shoulder_pitch", "shoulder_roll", "shoulder_yaw", "elbow", "wrist_roll", "wrist_pitch", "wrist_yaw")

G1 = DdsProfile(
    robot="g1",
    family="hg",
    motor_joints=(
        *_sides("left", _LEG),
        *_sides("right", _LEG),
        *_WAIST,
        *_sides("left", _ARM),
        *_sides("right", _ARM),
    ),
    machine_types=(2, 5, 11, 13, 15),
)
"""unitree_mujoco's ``g1_joint_index_dds.md``; types of the 29-joint G1 with a free waist: unitree_ros' table."""

GO2 = DdsProfile(
    robot="go2",
    family="go",
    motor_joints=tuple(
        f"{leg}_{joint}_joint" for leg in ("FR", "FL", "RR", "RL") for joint in ("hip", "thigh", "calf")
    ),
)
"""unitree_sdk2's Go2 examples."""

PROFILES = {profile.robot: profile for profile in (G1, GO2)}


def profile_of(robot: str) -> DdsProfile:
    """Return the profile of a robot.

    Raises:
        ConfigError: if this link does not know it; the message lists the ones it knows.
    """
    if robot not in PROFILES:
        raise ConfigError(f"no robot '{robot}' on DDS; choose one of: {', '.join(PROFILES)}")
    return PROFILES[robot]
