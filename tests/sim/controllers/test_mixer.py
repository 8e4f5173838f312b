"""Allocation, its inverse, saturation and the rotors' model, for any number of rotors."""

import dataclasses
import math

import numpy as np
import pytest

from sim.controllers.airframe import airframe, allocation
from sim.controllers.mixer import command_rotors, hover_speed, modelled_wrench
from sim.errors import ConfigError
from sim.registry import load_robot
from sim.spec import GRAVITY, MultirotorParameters

CRAZYFLIE = load_robot("crazyflie").parameters("l2f_paper")
PERIOD_S = 0.01


def multirotor(rotors, tilt=0.0, curve=(0.0, 0.0, 4.0)):
    """A symmetric airframe whose arms are tilted about their own axis, alternately."""
    angles = 2.0 * np.pi * (np.arange(rotors) + 0.5) / rotors
    sign = np.where(np.arange(rotors) % 2 == 0, 1.0, -1.0)
    across = np.stack([-np.sin(angles), np.cos(angles), np.zeros(rotors)], axis=1)
    axis = np.cos(tilt) * np.array([0.0, 0.0, 1.0]) + np.sin(tilt) * sign[:, None] * across
    return MultirotorParameters(
        name="test", mass=1.0, inertia=(0.01, 0.012, 0.02),
        rotor_position_b=tuple((0.2 * math.cos(a), 0.2 * math.sin(a), 0.01) for a in angles),
        yaw_sign=tuple(sign), thrust_curve=curve, torque_per_thrust=0.015, motor_rise_s=0.05, motor_fall_s=0.05,
        max_rotor_speed_rpm=None, source="test", rotor_axis_b=tuple(tuple(a) for a in axis),
    )  # fmt: skip


AIRFRAMES = [CRAZYFLIE, multirotor(4), multirotor(6), multirotor(6, tilt=0.3), multirotor(8, curve=(0.1, 4.0, 0.0))]


@pytest.mark.parametrize("parameters", AIRFRAMES)
def test_mixer_inverts_the_allocation(parameters):
    body = airframe(parameters, PERIOD_S)
    assert body.allocation @ body.mixer == pytest.approx(np.eye(4), abs=1e-9)


def test_allocation_of_the_crazyflie():
    arm, ratio = 0.028, CRAZYFLIE.torque_per_thrust
    to_wrench = allocation(CRAZYFLIE)
    assert to_wrench[:, 0] == pytest.approx([1.0, -arm, -arm, -ratio])  # front right: rolls right, nose up
    assert to_wrench[:, 2] == pytest.approx([1.0, arm, arm, -ratio])


@pytest.mark.parametrize("parameters", AIRFRAMES)
def test_rotors_make_what_is_asked(parameters):
    body, rotors = airframe(parameters, PERIOD_S), parameters.num_rotors
    weight = body.mass * GRAVITY
    torque = 0.02 * weight * np.array([1.0, -0.7, 0.05]) * np.linalg.norm(parameters.rotor_position_b[0])
    speed, command, wrench = hover_speed(body), np.empty(rotors), np.empty(4)
    command_rotors(body, 1.05 * weight, torque, 0.0, speed, command)
    modelled_wrench(body, command, wrench)
    assert wrench == pytest.approx([1.05 * weight, *torque], rel=1e-6)


def test_a_sagging_battery_is_made_up_for_at_hover():
    sagging = dataclasses.replace(CRAZYFLIE, battery_sag=0.1)
    assert hover_speed(airframe(sagging, PERIOD_S)) == pytest.approx(sagging.hover_command)


def test_rather_less_thrust_than_no_torque():
    body = airframe(CRAZYFLIE, PERIOD_S)
    speed, command = hover_speed(body), np.empty(4)
    command_rotors(body, CRAZYFLIE.max_thrust, np.array([1e-3, 0.0, 0.0]), 0.0, speed, command)
    assert command.max() == pytest.approx(1.0)
    assert command[2] - command[0] > 0.05
    assert command.min() >= 0.05


@pytest.mark.parametrize("lead", [0.0, 2.0])
def test_the_lead_shortens_the_rotors_lag(lead):
    body = airframe(CRAZYFLIE, PERIOD_S)
    speed, command = hover_speed(body), np.empty(4)
    first, target = speed[0], hover_speed(body)[0] * math.sqrt(1.02)
    for _ in range(5):
        command_rotors(body, 1.02 * body.mass * GRAVITY, np.zeros(3), lead, speed, command)
    progress = (speed[0] - first) / (target - first)
    share = 1.0 - math.exp(-PERIOD_S / CRAZYFLIE.motor_rise_s)
    assert progress == pytest.approx(1.0 - (1.0 - (1.0 + lead) * share) ** 5, rel=1e-6)


def test_an_airframe_without_yaw_is_refused():
    blind = dataclasses.replace(CRAZYFLIE, torque_per_thrust=1e-30)
    with pytest.raises(ConfigError, match="torque about every axis"):
        airframe(dataclasses.replace(blind, yaw_sign=(0.0,) * 4), PERIOD_S)
