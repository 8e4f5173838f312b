"""What a control law knows of its airframe: the nominal one, whatever is really flown.

Any number of rotors, their thrust along body z or along tilted arms: the allocation matrix maps rotor
thrusts to force along body z and torque, its pseudo-inverse maps back with the least thrust.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.errors import ConfigError
from sim.spec import MultirotorParameters

Array = NDArray[np.float64]


class Airframe(NamedTuple):
    """Constants of one airframe for compiled laws; SI units."""

    period_s: float
    """Time between two commands."""
    mass: float
    inertia: Array
    """(3,) principal moments, kg m^2."""
    thrust_curve: Array
    """(3,) c0, c1, c2 in newtons over the rotor speed fraction."""
    allocation: Array
    """(4, num_rotors): rotor thrusts to force along body z (N) and torque (N m)."""
    mixer: Array
    """(num_rotors, 4): its pseudo-inverse."""
    rise_share: float
    """Share of the way to its command that a rotor goes in one period while it speeds up."""
    fall_share: float
    """The same while it slows down."""
    command_per_speed: float
    """Command over rotor speed at hover: above 1 where the battery sags."""


def allocation(parameters: MultirotorParameters) -> Array:
    """Return the matrix from rotor thrusts (N) to [force along body z, torque about x, y, z], (4, num_rotors).

    The torque of a rotor at r with thrust along a is r x a, plus its reaction torque about a.
    """
    axis = np.array(parameters.rotor_axis_b, np.float64)
    position = np.array(parameters.rotor_position_b, np.float64)
    sign = np.array(parameters.yaw_sign, np.float64)
    torque = np.cross(position, axis) + parameters.torque_per_thrust * sign[:, None] * axis
    return np.concatenate([axis[:, 2:].T, torque.T])


def airframe(parameters: MultirotorParameters, period_s: float) -> Airframe:
    """Return the constants of an airframe that is commanded once per ``period_s``.

    Raises:
        ConfigError: for rotors that cannot make force and every torque independently.
    """
    to_wrench = allocation(parameters)
    scale = np.maximum(np.abs(to_wrench).max(axis=1, keepdims=True), 1e-9)
    if np.linalg.matrix_rank(to_wrench / scale) < 4:
        raise ConfigError(
            f"parameter set '{parameters.name}': its {parameters.num_rotors} rotors cannot make thrust and torque about"
            " every axis; the classical controllers need that"
        )
    return Airframe(
        period_s=float(period_s),
        mass=float(parameters.mass),
        inertia=np.array(parameters.inertia, np.float64),
        thrust_curve=np.array(parameters.thrust_curve, np.float64),
        allocation=np.ascontiguousarray(to_wrench),
        mixer=np.ascontiguousarray(np.linalg.pinv(to_wrench), np.float64),
        rise_share=1.0 - math.exp(-period_s / parameters.motor_rise_s),
        fall_share=1.0 - math.exp(-period_s / parameters.motor_fall_s),
        command_per_speed=parameters.hover_command / parameters.hover_speed,
    )
