"""Franka Emika Panda constants, seven joints and the Franka Hand: each number with its source.

Ranges, speeds and torques: "Robot and interface specifications" of the Franka Control Interface documentation
(Panda). Armature and damping: estimates, see below. Links: see the MJCF.
"""

from __future__ import annotations

from math import pi
from pathlib import Path

from sim.spec import ArmParameters, JointLimits, RobotSpec

_HINGES = (
    ("joint1", -2.8973, 2.8973, 2.1750, 87.0),
    ("joint2", -1.7628, 1.7628, 2.1750, 87.0),
    ("joint3", -2.8973, 2.8973, 2.1750, 87.0),
    ("joint4", -3.0718, -0.0698, 2.1750, 87.0),
    ("joint5", -2.8973, 2.8973, 2.6100, 12.0),
    ("joint6", -0.0175, 3.7525, 2.6100, 12.0),
    ("joint7", -2.8973, 2.8973, 2.6100, 12.0),
)
"""Joint, range in rad, speed in rad/s, torque in N m (Franka Control Interface documentation)."""
_FINGERS = (("left_finger", 0.0, 0.04, 0.05, 70.0), ("right_finger", 0.0, 0.04, 0.05, 70.0))
"""Franka Hand: 80 mm of travel, 50 mm/s each, 70 N continuous force (Franka's data sheet of the hand)."""
_JOINTS = _HINGES + _FINGERS
_LOW, _HIGH = tuple(row[1] for row in _JOINTS), tuple(row[2] for row in _JOINTS)
_VELOCITY, _EFFORT = tuple(row[3] for row in _JOINTS), tuple(row[4] for row in _JOINTS)

PANDA = ArmParameters(
    name="panda",
    joint_names=tuple(row[0] for row in _JOINTS),
    position_low=_LOW,
    position_high=_HIGH,
    velocity=_VELOCITY,
    effort=_EFFORT,
    # Rotor inertia behind the 1:100 gears is not published; 0.1 kg m^2 is MuJoCo Menagerie's estimate. A finger's:
    # assumed.
    armature=(0.1,) * 7 + (0.05,) * 2,
    # The middle of the range 0 to 3 that TacSL draws joint damping from (arXiv 2408.06506, its public settings).
    damping=(1.5,) * 7 + (2.0,) * 2,
    # Where TacSL's insertion starts: the tool half a metre ahead, pointing down.
    home=(0.0002, -0.1591, 0.0005, -2.0966, -0.0002, 1.9335, pi / 4, 0.04, 0.04),
    finger_kp=2000.0,
    finger_kd=40.0,  # stiff beside the gel, critical for a finger: assumed
    source="Franka Control Interface documentation; Gaz et al., RA-L 2019; MuJoCo Menagerie: armature",
)

ROBOT = RobotSpec(
    name="panda",
    description="Franka Emika Panda, an arm with seven joints and a parallel gripper",
    mjcf=Path(__file__).with_name("panda.xml"),
    motor_names=(),
    joint_names=PANDA.joint_names,
    parameter_sets={"panda": PANDA},
    default_parameter_set="panda",
    command_unit="m, rad",
    limits=JointLimits(
        tilt_rad=pi,  # bolted to its table
        angular_rate_rad_s=10.0,
        battery_min_v=0.0,  # it hangs on the mains
        battery_takeoff_v=0.0,
        link_silence_s=0.1,
        state_age_s=0.1,
        fault_budget_s=0.2,
        position_low_rad=_LOW,
        position_high_rad=_HIGH,
        velocity_rad_s=_VELOCITY,
        torque_n_m=_EFFORT,
        temperature_c=85.0,  # assumed: it is not published
    ),
    sources=(
        "Franka Control Interface documentation: kinematics, ranges, speeds, torques",
        "Gaz et al., RA-L 2019 (as in franka_description): masses and inertias",
        "MuJoCo Menagerie: armature",
        "arXiv 2408.06506 (TacSL): posture, damping",
    ),
)
