"""Unitree G1 constants, 29 joints, hardware revision 1.0: each number with its source.

Ranges, torque, speed and masses: Unitree's ``g1_29dof_rev_1_0.urdf`` (unitree_ros, BSD-3). Joint order is
the motor order of ``unitree_hg`` ``LowCmd_`` (Unitree's G1 joint index table). Gains and pose are named below.
"""

from __future__ import annotations

from pathlib import Path

from sim.bodies.character import policy_gains
from sim.robots.g1.links import LINKS
from sim.robots.g1.motors import M4010, M5020, M7520_14, M7520_22, TWO_M5020
from sim.spec import JointLimits, JointParameters, RobotSpec

_LEG = (
    ("hip_pitch", M7520_14, -2.5307, 2.8798),
    ("hip_roll", M7520_22, -0.5236, 2.9671),
    ("hip_yaw", M7520_14, -2.7576, 2.7576),
    ("knee", M7520_22, -0.087267, 2.8798),
    ("ankle_pitch", TWO_M5020, -0.87267, 0.5236),
    ("ankle_roll", TWO_M5020, -0.2618, 0.2618),
)
_WAIST = (
    ("waist_yaw", M7520_14, -2.618, 2.618),
    ("waist_roll", TWO_M5020, -0.52, 0.52),
    ("waist_pitch", TWO_M5020, -0.52, 0.52),
)
_ARM = (
    ("shoulder_pitch", M5020, -3.0892, 2.6704),
    ("shoulder_roll", M5020, -1.5882, 2.2515),
    ("shoulder_yaw", M5020, -2.618, 2.618),
    ("elbow", M5020, -1.0472, 2.0944),
    ("wrist_roll", M5020, -1.972222054, 1.972222054),
    ("wrist_pitch", M4010, -1.614429558, 1.614429558),
    ("wrist_yaw", M4010, -1.614429558, 1.614429558),
)
"""Left limb: joint, motor, range in rad. The right one is its mirror image."""

_MIRRORED = ("hip_roll", "shoulder_roll")
"""Joints whose ranges and default angles change sign from left to right."""

_DEFAULT_POSE = {
    "hip_pitch": -0.1,
    "knee": 0.3,
    "ankle_pitch": -0.2,
    "shoulder_pitch": 0.2,
    "shoulder_roll": 0.2,
    "elbow": 1.0,
}
"""rad, other joints 0. Legs as in unitree_rl_gym's ``g1.yaml``; arms ours, so that the centre of mass is over the
middle of the soles (within 2 mm in this model)."""

_STAND_GAINS = {
    "hip_pitch": (300.0, 5.0),
    "hip_roll": (300.0, 5.0),
    "hip_yaw": (300.0, 5.0),
    "knee": (300.0, 5.0),
    "ankle_pitch": (400.0, 6.0),
    "ankle_roll": (400.0, 6.0),
    "waist_yaw": (300.0, 5.0),
    "waist_roll": (300.0, 5.0),
    "waist_pitch": (300.0, 5.0),
    "shoulder_pitch": (60.0, 2.0),
    "shoulder_roll": (60.0, 2.0),
    "shoulder_yaw": (60.0, 2.0),
    "elbow": (60.0, 2.0),
    "wrist_roll": (30.0, 1.0),
    "wrist_pitch": (15.0, 0.8),
    "wrist_yaw": (15.0, 0.8),
}
"""kp in N m/rad and kd in N m s/rad, ours: a body of 33 kg with its centre 0.67 m above the ankles topples with
m g h = 220 N m/rad, which ankles, knees and hips in series must exceed to stand without a policy. Published gains
for policies are softer (ankles 40: unitree_rl_gym) and hold no pose without one."""


def _side(limb: tuple, side: str) -> list[tuple]:
    """Name the joints of a limb and mirror the right one's ranges."""
    rows = []
    for joint, motor, low, high in limb:
        flip = side == "right" and joint in _MIRRORED
        rows.append((f"{side}_{joint}_joint", joint, motor, *((-high, -low) if flip else (low, high))))
    return rows


_JOINTS = (
    _side(_LEG, "left")
    + _side(_LEG, "right")
    + [(f"{joint}_joint", joint, motor, low, high) for joint, motor, low, high in _WAIST]
    + _side(_ARM, "left")
    + _side(_ARM, "right")
)
_NAMES = tuple(row[0] for row in _JOINTS)
_LOW = tuple(row[3] for row in _JOINTS)
_HIGH = tuple(row[4] for row in _JOINTS)
_VELOCITY = tuple(row[2].velocity_rad_s for row in _JOINTS)
_EFFORT = tuple(row[2].effort_n_m for row in _JOINTS)


def _default_angle(name: str, joint: str) -> float:
    angle = _DEFAULT_POSE.get(joint, 0.0)
    return -angle if name.startswith("right") and joint in _MIRRORED else angle


_STAND_ACTION_RAD = {
    "hip_pitch": 0.2,
    "hip_roll": 0.12,
    "hip_yaw": 0.1,
    "knee": 0.3,
    "ankle_pitch": 0.15,
    "ankle_roll": 0.06,
    "waist_yaw": 0.08,
    "waist_roll": 0.08,
    "waist_pitch": 0.08,
    "shoulder_pitch": 0.1,
    "shoulder_roll": 0.1,
    "shoulder_yaw": 0.1,
    "elbow": 0.1,
    "wrist_roll": 0.1,
    "wrist_pitch": 0.1,
    "wrist_yaw": 0.1,
}
"""Ours: four of them lift a foot by 10 cm and set it 40 cm ahead. A quarter of what stiff gains can ask for, as usual,
is 0.09 rad at the ankle: no foot is swung level by that."""


def _parameters(
    name: str, kp: tuple[float, ...], kd: tuple[float, ...], source: str, action_rad: tuple[float, ...] = ()
) -> JointParameters:
    return JointParameters(
        name=name,
        joint_names=_NAMES,
        position_low_rad=_LOW,
        position_high_rad=_HIGH,
        velocity_rad_s=_VELOCITY,
        effort_n_m=_EFFORT,
        armature_kg_m2=tuple(row[2].armature_kg_m2 for row in _JOINTS),
        default_pose_rad=tuple(_default_angle(row[0], row[1]) for row in _JOINTS),
        kp=kp,
        kd=kd,
        base_height_m=0.7842,  # soles on the ground in the default pose, from the kinematics
        link_names=tuple(LINKS),
        link_mass=tuple(link.mass for link in LINKS.values()),
        source=source,
        feet=("left_foot", "right_foot"),
        hands=("left_hand", "right_hand"),
        head="head",
        action_scale_rad=action_rad,
    )


STAND = _parameters(
    "stand",
    tuple(_STAND_GAINS[row[1]][0] for row in _JOINTS),
    tuple(_STAND_GAINS[row[1]][1] for row in _JOINTS),
    "Unitree g1_29dof_rev_1_0.urdf; motors: BeyondMimic; gains: ours, stiff enough to stand without a policy",
    tuple(_STAND_ACTION_RAD[row[1]] for row in _JOINTS),
)

POLICY = _parameters(
    "policy",
    *policy_gains(row[2].armature_kg_m2 for row in _JOINTS),
    "Unitree g1_29dof_rev_1_0.urdf; motors and gains: BeyondMimic (arXiv 2508.08241)",
)

ROBOT = RobotSpec(
    name="g1",
    description="Unitree G1, a 33 kg humanoid with 29 joints and rubber hands",
    mjcf=Path(__file__).with_name("g1.xml"),
    motor_names=(),
    joint_names=_NAMES,
    parameter_sets={"stand": STAND, "policy": POLICY},
    default_parameter_set="stand",
    command_unit="rad",
    limits=JointLimits(
        tilt_rad=1.0,  # unitree_sdk2, g1/common/terminations.hpp: bad_orientation
        angular_rate_rad_s=6.0,  # the same: ang_vel_out_of_limit
        battery_min_v=43.0,  # 13 lithium cells in series, 3.3 V each: nearly empty
        battery_takeoff_v=45.5,  # 3.5 V each
        link_silence_s=0.1,
        state_age_s=0.1,
        fault_budget_s=0.2,
        position_low_rad=_LOW,
        position_high_rad=_HIGH,
        velocity_rad_s=_VELOCITY,
        torque_n_m=_EFFORT,
        temperature_c=85.0,  # the same: motor_casing_overheat; windings are allowed 120
    ),
    sources=(
        "unitreerobotics/unitree_ros: g1_29dof_rev_1_0.urdf",
        "unitreerobotics/unitree_sdk2: terminations.hpp, g1 joint index",
        "arXiv 2508.08241 (BeyondMimic) and mjlab: motors and policy gains",
        "unitreerobotics/unitree_rl_gym: pose of the legs",
    ),
)
