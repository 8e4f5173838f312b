"""The motors of the Unitree G1 and what of them is seen at a joint.

Rotor and gear inertias and ratios are Unitree's, published with BeyondMimic (arXiv 2508.08241) and in
mjlab's ``g1_constants.py``; torque and speed are those of Unitree's ``g1_29dof_rev_1_0.urdf``.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Motor:
    """A motor with a two-stage planetary gear, or several of them on one joint."""

    rotor_inertia_kg_m2: tuple[float, float, float]
    """Rotor, first carrier, second carrier."""
    gear_ratio: tuple[float, float]
    """First and second stage."""
    effort_n_m: float
    velocity_rad_s: float
    count: int = 1
    """Motors that share the joint."""

    @property
    def armature_kg_m2(self) -> float:
        """Inertia at the output: each part's times the square of the ratio between it and the output."""
        first, second = self.gear_ratio
        rotor, carrier, output = self.rotor_inertia_kg_m2
        return self.count * (rotor * (first * second) ** 2 + carrier * second**2 + output)


_ROTOR_5020 = (0.139e-4, 0.017e-4, 0.169e-4)
_GEAR_5020 = (1.0 + 46.0 / 18.0, 1.0 + 56.0 / 16.0)

M5020 = Motor(_ROTOR_5020, _GEAR_5020, effort_n_m=25.0, velocity_rad_s=37.0)
M7520_14 = Motor((0.489e-4, 0.098e-4, 0.533e-4), (4.5, 1.0 + 48.0 / 22.0), effort_n_m=88.0, velocity_rad_s=32.0)
M7520_22 = Motor((0.489e-4, 0.109e-4, 0.738e-4), (4.5, 5.0), effort_n_m=139.0, velocity_rad_s=20.0)
M4010 = Motor((0.068e-4, 0.0, 0.0), (5.0, 5.0), effort_n_m=5.0, velocity_rad_s=22.0)
TWO_M5020 = Motor(_ROTOR_5020, _GEAR_5020, effort_n_m=35.0, velocity_rad_s=30.0, count=2)
"""Ankles, waist roll and waist pitch: a parallel linkage with two motors. Its armature varies with the pose and its
geometry is not published; the sum of both motors' is the value at a ratio of one (mjlab's assumption, taken over)."""
