"""Planar biped constants, 6 joints: every one is ours, a small robot for quick tests.

Its MJCF says what keeps it in its plane. Joints are named as the humanoid's of the same kind.
"""

from __future__ import annotations

from pathlib import Path

from sim.bodies.character import Drive, Hinge, build_character, left, right

_LEGS = Drive(effort_n_m=80.0, velocity_rad_s=20.0, armature_kg_m2=0.01, kp=400.0, kd=10.0)
"""Ours; the gains exceed m g h, as the G1's ``stand`` does."""

_LEG = (
    Hinge("hip_pitch", _LEGS, -2.0, 1.0, -0.15),
    Hinge("knee", _LEGS, 0.0, 2.3, 0.4),
    Hinge("ankle_pitch", _LEGS, -1.0, 1.0, -0.25),
)

_MASS_KG = {
    "pelvis": 8.97,
    "left_hip_pitch_link": 2.29,
    "left_knee_link": 1.334,
    "left_ankle_pitch_link": 1.14,
}
"""The shapes of the MJCF filled with 1000 kg/m^3, each rounded to the gram."""

ROBOT = build_character(
    Path(__file__).parent,
    description="A planar biped for quick tests, 18 kg and 6 joints, ours",
    hinges=(*left(_LEG), *right(_LEG)),
    mass_kg=_MASS_KG,
    base_height_m=0.6471,
    hands=(),
)
