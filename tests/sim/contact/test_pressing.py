"""A mass on a stiff face is kept there without bouncing, also against what pushes it off."""

import dataclasses

import numpy as np
import pytest

from sim.arm.impedance import TACSL
from sim.contact.pressing import Pressing
from sim.contact.search_settings import THICK
from sim.contact.spec import CONTROL_PERIOD_S

SETTINGS = dataclasses.replace(THICK, force_n=0.8)
MASS_KG, FACE_N_M, JOINTS_N_S_M = 9.0, 1e4, 60.0


def slide(pressing, height, speed, steps, lift_n=0.0):
    """Return heights and forces at each action, of an arm as heavy as the Panda on a face at zero."""
    heights, forces, dt = [], [], 1e-4
    for _ in range(steps):
        force = max(-FACE_N_M * height, 0.0)
        heights.append(height)
        forces.append(force)
        goal = height + float(pressing.step(np.ones(1, bool), np.array([force]), np.array([speed]), SETTINGS)[0])
        for _ in range(round(CONTROL_PERIOD_S / dt)):
            push = TACSL.stiffness_n_m * (goal - height) - (TACSL.damping_n_s_m + JOINTS_N_S_M) * speed
            speed += dt * (push + lift_n + max(-FACE_N_M * height, 0.0)) / MASS_KG
            height += dt * speed
    return np.array(heights), np.array(forces)


@pytest.mark.parametrize("lift_n", [0.0, 1.0])
def test_it_comes_down_and_stays(lift_n):
    heights, forces = slide(Pressing(1), height=0.5e-3, speed=0.0, steps=60, lift_n=lift_n)
    assert np.argmax(forces > 0.0) < 15
    assert np.all(heights[30:] < 0.15e-3)
    assert 0.2 * SETTINGS.force_n < forces[30:].mean() < 3.0 * SETTINGS.force_n


def test_what_was_learnt_is_forgotten_where_nothing_slides():
    pressing = Pressing(1)
    slide(pressing, height=5e-3, speed=0.0, steps=20, lift_n=2.0)
    learnt = pressing.step(np.ones(1, bool), np.ones(1), np.zeros(1), SETTINGS)
    pressing.step(np.zeros(1, bool), np.ones(1), np.zeros(1), SETTINGS)
    assert pressing.step(np.ones(1, bool), np.ones(1), np.zeros(1), SETTINGS)[0] > learnt[0] + 1e-4
