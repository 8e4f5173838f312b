"""The virtual robots' body feels what its parameter set says: drag, the cushion above the floor, a sagging battery."""

from __future__ import annotations

import dataclasses

import pytest

from hardware.virtual.multirotor.body import Body
from sim.registry import load_robot

PLAIN = load_robot("crazyflie").parameters("l2f_paper")


def fly(parameters, command: float, steps: int, speed_m_s: float = 0.0) -> Body:
    body = Body(parameters)
    if speed_m_s:
        body.qpos[2], body.qvel[0] = 2.0, speed_m_s
    for _ in range(steps):
        body.step((command,) * 4)
    return body


def test_drag_slows_a_drifting_body():
    dragged = dataclasses.replace(PLAIN, rotor_drag=(0.01, 0.01, 0.01))
    assert fly(PLAIN, 0.65, 1000, 1.0).velocity_w[0] == pytest.approx(1.0, abs=1e-3)
    assert 0.7 < fly(dragged, 0.65, 1000, 1.0).velocity_w[0] < 0.9


def test_the_floors_cushion_lifts_at_nine_tenths_of_the_hover_command():
    command = 0.9 * PLAIN.hover_command
    assert fly(PLAIN, command, 1500).on_ground
    assert not fly(dataclasses.replace(PLAIN, rotor_radius_m=0.05), command, 1500).on_ground


def test_a_sagging_battery_turns_rotors_more_slowly():
    sagging = dataclasses.replace(PLAIN, battery_sag=0.15)
    assert fly(PLAIN, 1.0, 1500).rotor_speed[0] == pytest.approx(1.0, abs=1e-3)
    speed = fly(sagging, 1.0, 1500).rotor_speed[0]
    assert speed == pytest.approx(1.0 - 0.15 * speed**2, abs=1e-3)
