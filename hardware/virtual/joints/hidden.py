"""Joint dynamics drawn at random, for virtual robots whose numbers somebody is to find out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sim.bodies.dynamics import JointDynamics
from sim.registry import load_robot

SEED_OFFSET = 0x6A6F696E74
"""So that a robot's dynamics and its noise do not come from the same numbers."""
ARMATURE = (0.7, 1.5)
"""Share of the nominal rotor's: motors of one design differ by less, numbers taken from a page by more."""
DAMPING_N_M_S = (0.03, 0.15)
FRICTION_SHARE = (0.004, 0.02)
"""Of the largest torque: 0.1 to 0.5 N m in a Go1's hip, what PACE and others find on quadruped drives."""
BIAS_RAD = (-0.03, 0.03)
"""Encoders zeroed by hand against a mechanical stop."""
STRENGTH = (0.85, 1.1)
"""Magnets, current sensors and torque constants of one series."""
DELAY_MS = (3.0, 15.0)
"""Field bus and motor controller, in halves of a millisecond (the step of a held body)."""
WORN_STRENGTH, WORN_FRICTION, WORN_DELAY_S = 0.8, 3.0, 0.010
"""Of a worn robot, over what it had: outside of what policies are trained for by guess, which end at gains 10 % off, a
delay of 20 ms and no friction."""


def hidden_dynamics(robot: str, parameter_set: str | None, seed: int, worn: bool = False) -> JointDynamics:
    """Draw what a real robot may differ by; the same for the same seed.

    Args:
        robot: its name.
        parameter_set: of its constants; default: the robot's own.
        seed: of the draw.
        worn: the same robot after years: its motors weaker, its gears rough, its bus slow.
    """
    drawn = _drawn(robot, parameter_set, seed)
    if not worn:
        return drawn
    return replace(
        drawn,
        strength=WORN_STRENGTH * drawn.strength,
        friction=WORN_FRICTION * drawn.friction,
        delay=drawn.delay + WORN_DELAY_S,
    )


def _drawn(robot: str, parameter_set: str | None, seed: int) -> JointDynamics:
    parameters = load_robot(robot).parameters(parameter_set)
    rng, n = np.random.default_rng(SEED_OFFSET + seed), parameters.num_joints
    return JointDynamics(
        armature=np.asarray(parameters.armature_kg_m2) * rng.uniform(*ARMATURE, n),
        damping=rng.uniform(*DAMPING_N_M_S, n),
        friction=np.asarray(parameters.effort_n_m) * rng.uniform(*FRICTION_SHARE, n),
        bias=rng.uniform(*BIAS_RAD, n),
        strength=rng.uniform(*STRENGTH, n),
        delay=np.round(2.0 * rng.uniform(*DELAY_MS, n)) / 2000.0,
    )
