"""Robots of our own design from a table of hinges: one row per joint, the right side mirrored from the left.

Names say the anatomy: ``left_hip_pitch_joint`` moves ``left_hip_pitch_link``. Pitch is about y, roll about x, yaw
about z; rolls and yaws change sign from left to right, as they do on the G1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import pi
from pathlib import Path

from sim.spec import JointLimits, JointParameters, RobotSpec

POLICY_FREQUENCY = 2.0 * pi * 10.0
"""rad/s"""
POLICY_DAMPING_RATIO = 2.0
"""BeyondMimic (arXiv 2508.08241): kp = I w^2 and kd = 2 z I w with the armature I, w = 2 pi 10 Hz and z = 2."""


def policy_gains(armature_kg_m2: Iterable[float]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return BeyondMimic's stiffness in N m/rad and damping in N m s/rad of joints with these armatures."""
    armature = tuple(armature_kg_m2)
    kp = tuple(value * POLICY_FREQUENCY**2 for value in armature)
    kd = tuple(2.0 * POLICY_DAMPING_RATIO * value * POLICY_FREQUENCY for value in armature)
    return kp, kd


@dataclass(frozen=True)
class Drive:
    """A motor with its gear, as its joint feels it, and the gains that hold a pose with it."""

    effort_n_m: float
    velocity_rad_s: float
    armature_kg_m2: float
    kp: float
    """N m/rad"""
    kd: float
    """N m s/rad"""


@dataclass(frozen=True)
class Hinge:
    """One joint: its name without side and ``_joint``, its drive, its range and its default angle, rad."""

    name: str
    drive: Drive
    low_rad: float
    high_rad: float
    pose_rad: float = 0.0

    @property
    def joint(self) -> str:
        """Name of the joint in the MJCF."""
        return f"{self.name}_joint"

    @property
    def link(self) -> str:
        """Name of the body that it moves: the torso has its own, as the G1's."""
        return "torso_link" if self.name == "waist_pitch" else f"{self.name}_link"


def left(limb: Sequence[Hinge]) -> tuple[Hinge, ...]:
    """Return a limb's hinges with the names of the left side."""
    return tuple(replace(hinge, name=f"left_{hinge.name}") for hinge in limb)


def right(limb: Sequence[Hinge]) -> tuple[Hinge, ...]:
    """Return the mirror image of a left limb: what rolls or yaws does it the other way round."""
    return tuple(_mirrored(hinge) for hinge in limb)


def _mirrored(hinge: Hinge) -> Hinge:
    low, high, pose = hinge.low_rad, hinge.high_rad, hinge.pose_rad
    if hinge.name.endswith(("_roll", "_yaw")):
        low, high, pose = -high, -low, -pose
    return replace(hinge, name=f"right_{hinge.name}", low_rad=low, high_rad=high, pose_rad=pose)


def build_character(
    folder: Path,
    description: str,
    hinges: Sequence[Hinge],
    mass_kg: Mapping[str, float],
    base_height_m: float,
    hands: tuple[str, ...] = ("left_hand", "right_hand"),
    head: str = "head",
) -> RobotSpec[JointParameters]:
    """Return a robot of our own design, with the sets ``stand`` and ``policy``.

    Args:
        folder: holds its MJCF and is named as the robot.
        description: one line.
        hinges: all of them, in the order of the MJCF.
        mass_kg: of each link by name, the base first; one named ``left_`` stands for the right one, too.
        base_height_m: of the base in the default pose, feet on the ground.
        hands: sites in the hands, left first.
        head: site in the head.
    """
    stand = _stand(hinges, mass_kg, base_height_m, hands, head)
    kp, kd = policy_gains(stand.armature_kg_m2)
    policy = replace(stand, name="policy", kp=kp, kd=kd, action_scale_rad=(), source="ours; gains: BeyondMimic's rule")
    return RobotSpec(
        name=folder.name,
        description=description,
        mjcf=folder / f"{folder.name}.xml",
        motor_names=(),
        joint_names=stand.joint_names,
        parameter_sets={"stand": stand, "policy": policy},
        default_parameter_set="stand",
        command_unit="rad",
        limits=_limits(stand),
        sources=("own design", "arXiv 2508.08241 (BeyondMimic): policy gains"),
    )


def _stand(
    hinges: Sequence[Hinge], mass_kg: Mapping[str, float], height_m: float, hands: tuple[str, ...], head: str
) -> JointParameters:
    base = next(iter(mass_kg))
    links = (base, *(hinge.link for hinge in hinges))
    return JointParameters(
        name="stand",
        joint_names=tuple(hinge.joint for hinge in hinges),
        position_low_rad=tuple(hinge.low_rad for hinge in hinges),
        position_high_rad=tuple(hinge.high_rad for hinge in hinges),
        velocity_rad_s=tuple(hinge.drive.velocity_rad_s for hinge in hinges),
        effort_n_m=tuple(hinge.drive.effort_n_m for hinge in hinges),
        armature_kg_m2=tuple(hinge.drive.armature_kg_m2 for hinge in hinges),
        default_pose_rad=tuple(hinge.pose_rad for hinge in hinges),
        kp=tuple(hinge.drive.kp for hinge in hinges),
        kd=tuple(hinge.drive.kd for hinge in hinges),
        base_height_m=height_m,
        link_names=links,
        link_mass=tuple(mass_kg[link.replace("right_", "left_", 1)] for link in links),
        source="ours, stiff enough to stand without a policy",
        feet=("left_foot", "right_foot"),
        hands=hands,
        head=head,
    )


def _limits(parameters: JointParameters) -> JointLimits:
    """Return the G1's limits, its battery's included, with the character's own ranges, speeds and torques."""
    return JointLimits(
        tilt_rad=1.0,
        angular_rate_rad_s=6.0,
        battery_min_v=43.0,
        battery_takeoff_v=45.5,
        link_silence_s=0.1,
        state_age_s=0.1,
        fault_budget_s=0.2,
        position_low_rad=parameters.position_low_rad,
        position_high_rad=parameters.position_high_rad,
        velocity_rad_s=parameters.velocity_rad_s,
        torque_n_m=parameters.effort_n_m,
        temperature_c=85.0,
    )
