"""From force and torque to rotor commands, with a model of how fast the rotors turn.

The rotors' lag is the slowest thing on board. A law may invert part of it: with a lead k the command is
``want + k (want - modelled speed)``, which makes the rotor's time constant tau behave as tau / (1 + k);
k = 0 leaves it as it is. That is our addition, no published law has it (sim/flight/crazyflie_pid.py has the
same).
"""
# ruff: noqa: ANN001, ANN201

from __future__ import annotations

import math

import numpy as np
from numba import njit

from sim.flight.crazyflie_pid import MIN_COMMAND


@njit(cache=True, error_model="numpy")
def command_rotors(airframe, force, torque, lead, speed, command):
    """Write the commands for a force along body z and a torque.

    Where a rotor is asked for more than it has, all give up the same part: rather less thrust than no torque
    (the firmware's ``powerDistributionCap``).

    Args:
        airframe: the nominal airframe.
        force: N.
        torque: (3,) in the body frame, N m.
        lead: how much of the rotors' lag to invert.
        speed: (num_rotors,) modelled rotor speed fractions; advanced by one period.
        command: (num_rotors,) rotor speed fractions, written.
    """
    rotors, highest = command.shape[0], 1.0
    mix = airframe.mixer
    for i in range(rotors):
        thrust = mix[i, 0] * force + mix[i, 1] * torque[0] + mix[i, 2] * torque[1] + mix[i, 3] * torque[2]
        want = speed_for(thrust, airframe.thrust_curve) * airframe.command_per_speed
        command[i] = want + lead * (want - speed[i])
        highest = max(highest, command[i])
    for i in range(rotors):
        command[i] = max(command[i] - (highest - 1.0), MIN_COMMAND)
        share = airframe.rise_share if command[i] > speed[i] else airframe.fall_share
        speed[i] += share * (command[i] - speed[i])


@njit(cache=True, error_model="numpy")
def speed_for(thrust, curve):
    """Rotor speed fraction at which a curve c0 + c1 u + c2 u^2 gives ``thrust`` newtons; 0 where none does."""
    c0, c1, c2 = curve[0], curve[1], curve[2]
    above = thrust - c0
    if above <= 0.0:
        return 0.0
    if c2 == 0.0:
        return above / c1
    return (-c1 + math.sqrt(c1 * c1 + 4.0 * c2 * above)) / (2.0 * c2)


@njit(cache=True, error_model="numpy")
def modelled_wrench(airframe, speed, out):
    """Write force along body z (N) and torque (N m), (4,), of rotors at the modelled speeds (num_rotors,)."""
    curve = airframe.thrust_curve
    out[:] = 0.0
    for i in range(speed.shape[0]):
        u = speed[i] / airframe.command_per_speed
        thrust = curve[0] + curve[1] * u + curve[2] * u * u
        for k in range(4):
            out[k] += airframe.allocation[k, i] * thrust


def hover_speed(airframe) -> np.ndarray:
    """Return the rotor speed fractions at which the nominal airframe hovers, (num_rotors,)."""
    from sim.spec import GRAVITY

    thrust = airframe.mixer[:, 0] * airframe.mass * GRAVITY
    return np.array([speed_for(t, airframe.thrust_curve) for t in thrust]) * airframe.command_per_speed
