"""Unitree Go1 constants, 12 joints: each number with its source.

Ranges, torque, speed, masses and rotors: Unitree's ``go1.urdf`` (unitree_ros, BSD-3). Joint order is the motor order
of Unitree's ``LowCmd``. Gear ratios, gains, action scale and pose are named below.
"""

from __future__ import annotations

from pathlib import Path

from sim.robots.go1.links import LEGS, LINKS
from sim.spec import JointLimits, JointParameters, RobotSpec

_ROTOR_KG_M2 = 1.11842e-4
"""About its axis; go1.urdf."""
_GEAR_RATIO, _KNEE_RATIO = 6.0, 1.5
"""mjlab's ``go1_constants.py``; the knee's is that of its torque and speed to those of the other joints, go1.urdf."""

_LEG = (
    ("hip", -0.863, 0.863),
    ("thigh", -0.686, 4.501),
    ("calf", -2.818, -0.888),
)
"""Joint, range in rad: the same for all legs."""
_EFFORT = {"hip": 23.7, "thigh": 23.7, "calf": 35.55}
_VELOCITY = {"hip": 30.1, "thigh": 30.1, "calf": 20.06}
_RATIO = {"hip": _GEAR_RATIO, "thigh": _GEAR_RATIO, "calf": _GEAR_RATIO * _KNEE_RATIO}
_DEFAULT_POSE = {"hip": 0.1, "thigh": 0.9, "calf": -1.8}
"""rad: MuJoCo Playground's and mjlab's; the hips' sign is that of the side, so that the feet are under the hips."""

STAND_GAINS = (200.0, 5.0)
"""kp in N m/rad and kd in N m s/rad, ours: the knees, which carry 5 N m, give way by less than 0.03 rad."""
POLICY_GAINS = (35.0, 0.5)
"""MuJoCo Playground, ``joystick.py``, and mjlab."""
POLICY_ACTION_RAD = 0.5
"""MuJoCo Playground, ``joystick.py``: target away from the default pose per unit of action, every joint."""


def _per_joint(values: dict[str, float]) -> tuple[float, ...]:
    return tuple(values[joint] for _ in LEGS for joint, *_ in _LEG)


NAMES = tuple(f"{leg}_{joint}_joint" for leg in LEGS for joint, *_ in _LEG)
_LOW = tuple(low for _ in LEGS for _, low, _ in _LEG)
_HIGH = tuple(high for _ in LEGS for *_, high in _LEG)


def _default_angle(name: str) -> float:
    leg, joint, _ = name.split("_")
    return -_DEFAULT_POSE[joint] if (leg[1], joint) == ("L", "hip") else _DEFAULT_POSE[joint]


def _parameters(name: str, gains: tuple[float, float], action_rad: float | None, source: str) -> JointParameters:
    count = len(NAMES)
    return JointParameters(
        name=name,
        joint_names=NAMES,
        position_low_rad=_LOW,
        position_high_rad=_HIGH,
        velocity_rad_s=_per_joint(_VELOCITY),
        effort_n_m=_per_joint(_EFFORT),
        armature_kg_m2=_per_joint({joint: _ROTOR_KG_M2 * ratio**2 for joint, ratio in _RATIO.items()}),
        default_pose_rad=tuple(map(_default_angle, NAMES)),
        kp=(gains[0],) * count,
        kd=(gains[1],) * count,
        base_height_m=0.2914,  # feet on the ground in the default pose, from the kinematics and their radius
        link_names=tuple(LINKS),
        link_mass=tuple(link.mass for link in LINKS.values()),
        source=source,
        action_scale_rad=() if action_rad is None else (action_rad,) * count,
        feet=tuple(f"{leg}_foot" for leg in LEGS),
        head="head",
    )


STAND = _parameters("stand", STAND_GAINS, None, "Unitree go1.urdf; gear ratios: mjlab; gains: ours, stiff")

POLICY = _parameters(
    "policy",
    POLICY_GAINS,
    POLICY_ACTION_RAD,
    "Unitree go1.urdf; gear ratios: mjlab; gains and action scale: MuJoCo Playground",
)

ROBOT = RobotSpec(
    name="go1",
    description="Unitree Go1, a 13 kg quadruped with 12 joints",
    mjcf=Path(__file__).with_name("go1.xml"),
    motor_names=(),
    joint_names=NAMES,
    parameter_sets={"stand": STAND, "policy": POLICY},
    default_parameter_set="stand",
    command_unit="rad",
    limits=JointLimits(
        tilt_rad=1.0,  # ours, as the G1's
        angular_rate_rad_s=6.0,  # the same
        battery_min_v=19.8,  # six lithium cells in series, 3.3 V each: nearly empty
        battery_takeoff_v=21.0,  # 3.5 V each
        link_silence_s=0.1,
        state_age_s=0.1,
        fault_budget_s=0.2,
        position_low_rad=_LOW,
        position_high_rad=_HIGH,
        velocity_rad_s=STAND.velocity_rad_s,
        torque_n_m=STAND.effort_n_m,
        temperature_c=85.0,  # ours, as the G1's
    ),
    sources=(
        "unitreerobotics/unitree_ros: robots/go1_description/urdf/go1.urdf",
        "mujocolab/mjlab: go1_constants.py: gear ratios",
        "google-deepmind/mujoco_playground: locomotion/go1: gains, action scale, pose",
    ),
)
