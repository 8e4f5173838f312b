"""Mouse constants, 28 joints: every one is ours, a character that nobody builds.

Proportions of a cartoon's mouse on its hind legs: short legs with long feet, short arms, a head as heavy as the torso.
Drives are about as strong for its weight as the Unitree G1's are for that one's.
"""

from __future__ import annotations

from pathlib import Path

from sim.bodies.character import Drive, Hinge, build_character, left, right

_LEGS = Drive(effort_n_m=60.0, velocity_rad_s=20.0, armature_kg_m2=0.01, kp=300.0, kd=8.0)
_ARMS = Drive(effort_n_m=15.0, velocity_rad_s=30.0, armature_kg_m2=0.003, kp=60.0, kd=1.5)
_TAIL = Drive(effort_n_m=5.0, velocity_rad_s=30.0, armature_kg_m2=0.001, kp=10.0, kd=0.3)
"""Ours; the gains of the legs exceed m g h, as the G1's ``stand`` does. Waist as legs, neck as arms."""

_LEG = (
    Hinge("hip_pitch", _LEGS, -2.2, 1.0, -0.25),
    Hinge("hip_roll", _LEGS, -0.5, 1.0),
    Hinge("hip_yaw", _LEGS, -0.8, 0.8),
    Hinge("knee", _LEGS, 0.0, 2.3, 0.8),
    Hinge("ankle_pitch", _LEGS, -1.4, 0.9, -0.55),
    Hinge("ankle_roll", _LEGS, -0.5, 0.5),
)
_TAIL_HINGES = (
    Hinge("tail_base_yaw", _TAIL, -0.9, 0.9),
    Hinge("tail_base_pitch", _TAIL, -0.9, 0.9),
    Hinge("tail_tip_yaw", _TAIL, -0.9, 0.9),
    Hinge("tail_tip_pitch", _TAIL, -0.9, 0.9),
)
_WAIST = (
    Hinge("waist_yaw", _LEGS, -0.8, 0.8),
    Hinge("waist_pitch", _LEGS, -0.6, 0.9),
)
_NECK = (
    Hinge("neck_yaw", _ARMS, -1.3, 1.3),
    Hinge("head_pitch", _ARMS, -0.8, 0.8),
)
_ARM = (
    Hinge("shoulder_pitch", _ARMS, -3.0, 1.5, 0.2),
    Hinge("shoulder_roll", _ARMS, -0.6, 2.4, 0.2),
    Hinge("shoulder_yaw", _ARMS, -1.6, 1.6),
    Hinge("elbow", _ARMS, -2.4, 0.1, -1.3),
)
"""Left limbs; ranges wide enough for what a person's limbs do."""

_MASS_KG = {
    "pelvis": 2.29,
    "left_hip_pitch_link": 0.191,
    "left_hip_roll_link": 0.191,
    "left_hip_yaw_link": 0.576,
    "left_knee_link": 0.301,
    "left_ankle_pitch_link": 0.057,
    "left_ankle_roll_link": 0.261,
    "tail_base_yaw_link": 0.022,
    "tail_base_pitch_link": 0.078,
    "tail_tip_yaw_link": 0.012,
    "tail_tip_pitch_link": 0.055,
    "waist_yaw_link": 1.072,
    "torso_link": 2.308,
    "neck_yaw_link": 0.134,
    "head_pitch_link": 3.289,
    "left_shoulder_pitch_link": 0.069,
    "left_shoulder_roll_link": 0.046,
    "left_shoulder_yaw_link": 0.092,
    "left_elbow_link": 0.105,
}
"""The shapes of the MJCF filled with 500 kg/m^3, each rounded to the gram."""

ROBOT = build_character(
    Path(__file__).parent,
    description="A mouse on two legs with a big head, 13 kg and 28 joints, ours",
    hinges=(*left(_LEG), *right(_LEG), *_TAIL_HINGES, *_WAIST, *_NECK, *left(_ARM), *right(_ARM)),
    mass_kg=_MASS_KG,
    base_height_m=0.3363,
)
