"""Unitree Go1 with a Unitree Z1 arm on its back, 18 joints: the quadruped's constants and the arm's, side by side.

The arm's ranges, torque, speed, damping and masses: Unitree's ``z1.urdf`` (unitree_ros, BSD-3). Unitree mounts it on
larger quadrupeds (unitree_ros, aliengoZ1_description); on the Go1's back, where it adds a third to the weight, it is
our choice, and so are its gains, its pose and its armature, which nobody publishes. The URDF's dry friction (2 N m at
the second joint, 1 N m at the others) is left off.
"""

from __future__ import annotations

from dataclasses import replace
from math import pi
from pathlib import Path

from sim.robots.go1.robot import ROBOT as GO1
from sim.robots.go1_arm.links import ARM_LINKS
from sim.spec import JointParameters, Mount, RobotSpec

_ARM = Mount(Path(__file__).with_name("z1.xml"), site="back", prefix="arm_")

_JOINTS = (
    ("joint1", -150.0, 150.0, 0.0),
    ("joint2", 0.0, 170.0, 0.9),
    ("joint3", -165.0, 0.0, -1.3),
    ("joint4", -87.0, 87.0, 0.4),
    ("joint5", -77.0, 77.0, 0.0),
    ("joint6", -160.0, 160.0, 0.0),
)
"""Name, range in degrees, default angle in rad. Pose ours: the hand level, in front of the shoulder."""
_EFFORT_N_M = {"joint2": 60.0}
_OTHER_EFFORT_N_M = 30.0
_VELOCITY_RAD_S = 3.1415
_ARMATURE_KG_M2 = 0.05
"""Ours, of the size of other geared joints of 30 N m and 3 rad/s."""
STAND_GAINS, POLICY_GAINS = (300.0, 5.0), (50.0, 2.0)
"""The arm's kp in N m/rad and kd in N m s/rad, ours: one holds its weight within 0.04 rad, the other is soft."""
ARM_STEP_RAD = 0.02
"""Ours: at four times this, fifty times a second, the arm would be a little faster than its motors are."""
POLICY_LEG_GAINS = (60.0, 1.0)
"""Ours: with the Go1's softer ones a push of 0.2 m/s aside topples it under the arm, with these it stands."""


def _with_arm(legs: JointParameters, gains: tuple[float, float]) -> JointParameters:
    """Return a set of the quadruped with the arm's joints after its own."""
    count = len(_JOINTS)
    kp, _ = gains
    effort = tuple(_EFFORT_N_M.get(joint, _OTHER_EFFORT_N_M) for joint, *_ in _JOINTS)
    arm_action = tuple(0.25 * torque / kp for torque in effort)
    return replace(
        legs,
        joint_names=(*legs.joint_names, *(f"{_ARM.prefix}{joint}" for joint, *_ in _JOINTS)),
        position_low_rad=(*legs.position_low_rad, *(low * pi / 180.0 for _, low, *_ in _JOINTS)),
        position_high_rad=(*legs.position_high_rad, *(high * pi / 180.0 for *_, high, _ in _JOINTS)),
        velocity_rad_s=(*legs.velocity_rad_s, *(_VELOCITY_RAD_S,) * count),
        effort_n_m=(*legs.effort_n_m, *effort),
        armature_kg_m2=(*legs.armature_kg_m2, *(_ARMATURE_KG_M2,) * count),
        default_pose_rad=(*legs.default_pose_rad, *(pose for *_, pose in _JOINTS)),
        kp=(*legs.kp, *(kp,) * count),
        kd=(*legs.kd, *(gains[1],) * count),
        action_scale_rad=(*legs.action_scale_rad, *arm_action),
        link_names=(*legs.link_names, *(f"{_ARM.prefix}{link}" for link in ARM_LINKS)),
        link_mass=(*legs.link_mass, *(link.mass for link in ARM_LINKS.values())),
        hands=(f"{_ARM.prefix}end_effector",),
        source=f"{legs.source}; arm: Unitree z1.urdf, its gains ours",
    )


def _stiffer(legs: JointParameters, gains: tuple[float, float]) -> JointParameters:
    count = legs.num_joints
    return replace(legs, kp=(gains[0],) * count, kd=(gains[1],) * count)


STAND = _with_arm(GO1.parameters("stand"), STAND_GAINS)
POLICY = _with_arm(_stiffer(GO1.parameters("policy"), POLICY_LEG_GAINS), POLICY_GAINS)

STEPS = replace(
    POLICY,
    name="steps",
    action_scale_rad=tuple(
        ARM_STEP_RAD if name.startswith(_ARM.prefix) else scale
        for name, scale in zip(POLICY.joint_names, POLICY.action_scale_rad)
    ),
)
"""For policies whose actions of the arm are steps of its targets, fifty a second."""

ROBOT = RobotSpec(
    name="go1_arm",
    description="Unitree Go1 with a Unitree Z1 arm on its back, 17.5 kg and 18 joints",
    mjcf=GO1.mjcf,
    mounts=(_ARM,),
    motor_names=(),
    joint_names=STAND.joint_names,
    parameter_sets={"stand": STAND, "policy": POLICY, "steps": STEPS},
    default_parameter_set="stand",
    command_unit="rad",
    limits=replace(
        GO1.limits,
        position_low_rad=STAND.position_low_rad,
        position_high_rad=STAND.position_high_rad,
        velocity_rad_s=STAND.velocity_rad_s,
        torque_n_m=STAND.effort_n_m,
    ),
    sources=(*GO1.sources, "unitreerobotics/unitree_ros: robots/z1_description/xacro/z1.urdf"),
)
