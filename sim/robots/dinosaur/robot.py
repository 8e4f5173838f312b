"""Dinosaur constants, 31 joints: every one is ours, a character that nobody builds.

Proportions of a small theropod, as tall as a person's chest: a tail as long as head, neck and torso together
balances them over the hips. Drives are about as strong for its weight as the Unitree G1's are for that one's.
"""

from __future__ import annotations

from pathlib import Path

from sim.bodies.character import Drive, Hinge, build_character, left, right

_STRONG = Drive(effort_n_m=200.0, velocity_rad_s=20.0, armature_kg_m2=0.03, kp=1000.0, kd=25.0)
_MEDIUM = Drive(effort_n_m=100.0, velocity_rad_s=25.0, armature_kg_m2=0.015, kp=600.0, kd=10.0)
_LIGHT = Drive(effort_n_m=40.0, velocity_rad_s=30.0, armature_kg_m2=0.006, kp=200.0, kd=4.0)
_SMALL = Drive(effort_n_m=15.0, velocity_rad_s=30.0, armature_kg_m2=0.003, kp=80.0, kd=1.5)
"""Ours; the gains of the legs exceed m g h, as the G1's ``stand`` does."""

_LEG = (
    Hinge("hip_pitch", _STRONG, -2.2, 1.0, -0.5),
    Hinge("hip_roll", _STRONG, -0.5, 1.0),
    Hinge("hip_yaw", _MEDIUM, -0.8, 0.8),
    Hinge("knee", _STRONG, 0.0, 2.3, 1.1),
    Hinge("ankle_pitch", _STRONG, -1.5, 0.9, -0.6),
    Hinge("ankle_roll", _MEDIUM, -0.5, 0.5),
)
_TAIL = (
    Hinge("tail_base_yaw", _MEDIUM, -0.7, 0.7),
    Hinge("tail_base_pitch", _MEDIUM, -0.7, 0.7),
    Hinge("tail_middle_yaw", _LIGHT, -0.7, 0.7),
    Hinge("tail_middle_pitch", _MEDIUM, -0.7, 0.7),
    Hinge("tail_tip_yaw", _SMALL, -0.7, 0.7),
    Hinge("tail_tip_pitch", _LIGHT, -0.7, 0.7),
)
_WAIST = (
    Hinge("waist_yaw", _MEDIUM, -0.8, 0.8),
    Hinge("waist_pitch", _STRONG, -0.6, 0.9),
)
_NECK = (
    Hinge("neck_yaw", _LIGHT, -1.2, 1.2),
    Hinge("neck_pitch", _MEDIUM, -1.0, 1.0),
    Hinge("head_pitch", _LIGHT, -0.9, 0.9),
)
_ARM = (
    Hinge("shoulder_pitch", _LIGHT, -3.0, 1.5, 0.2),
    Hinge("shoulder_roll", _LIGHT, -0.6, 2.2, 0.1),
    Hinge("shoulder_yaw", _LIGHT, -1.6, 1.6),
    Hinge("elbow", _LIGHT, -2.4, 0.1, -1.3),
)
"""Left limbs; ranges wide enough for what a person's limbs do."""

_MASS_KG = {
    "pelvis": 9.377,
    "left_hip_pitch_link": 0.905,
    "left_hip_roll_link": 0.524,
    "left_hip_yaw_link": 5.285,
    "left_knee_link": 2.036,
    "left_ankle_pitch_link": 0.18,
    "left_ankle_roll_link": 0.823,
    "tail_base_yaw_link": 2.145,
    "tail_base_pitch_link": 4.362,
    "tail_middle_yaw_link": 0.697,
    "tail_middle_pitch_link": 2.173,
    "tail_tip_yaw_link": 0.23,
    "tail_tip_pitch_link": 1.052,
    "waist_yaw_link": 3.054,
    "torso_link": 11.989,
    "neck_yaw_link": 0.905,
    "neck_pitch_link": 2.5,
    "head_pitch_link": 3.789,
    "left_shoulder_pitch_link": 0.268,
    "left_shoulder_roll_link": 0.18,
    "left_shoulder_yaw_link": 0.452,
    "left_elbow_link": 0.35,
}
"""The shapes of the MJCF filled with 1000 kg/m^3, each rounded to the gram."""

ROBOT = build_character(
    Path(__file__).parent,
    description="A long-tailed dinosaur on two legs, 64 kg and 31 joints, ours",
    hinges=(*left(_LEG), *right(_LEG), *_TAIL, *_WAIST, *_NECK, *left(_ARM), *right(_ARM)),
    mass_kg=_MASS_KG,
    base_height_m=0.6687,
)
