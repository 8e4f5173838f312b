"""Airframes of every size from one: similarity scaling, and the ratio of torque to inertia.

A table that names ``size`` draws a dynamically similar airframe: lengths go with the size s, masses and
forces with s^3, torques with s^4. So every other term (disturbances, drag, offsets) is written for the
nominal airframe and means the same for a large one. Drawing s evenly draws the cube root of the mass
evenly, as RAPTOR does (arXiv 2509.11481 and its public code): evenly in mass, nearly all would be large.
"""

from __future__ import annotations

import numpy as np

from sim.flight.parameters import FlightParameters


def scale_to_size(flight: FlightParameters, size: np.ndarray) -> None:
    """Scale airframes by similarity, in place.

    Times and ``torque_per_thrust`` stay: their published ranges hold for all sizes.

    Args:
        flight: of the nominal size.
        size: (n,) factor on every length.
    """
    s = size.astype(np.float64)
    for name, power in _POWERS.items():
        value = getattr(flight, name)
        value *= (s**power).astype(np.float32).reshape(-1, *(1,) * (value.ndim - 1))


_POWERS = {
    "arm_scale": 1, "centre_of_mass_b": 1, "rotor_radius_m": 1,
    "mass": 3, "thrust_curve": 3, "force_w": 3, "rotor_drag": 3,
    "torque_b": 4, "inertia": 5,
}  # fmt: skip
"""By which power of the size each quantity grows; drag over mass stays, as measured from 40 g to 2 kg (robots)."""


def torque_to_inertia(flight: FlightParameters) -> np.ndarray:
    """Return RAPTOR's measure of agility, (n,) rad/s^2.

    The largest thrust of one rotor times its distance from the centre, over the moment of inertia about x
    (``rl_tools``, ``sample_initial_parameters``). With the two rotors of one side at full thrust and the
    others off, an X quadrotor turns sqrt(2) times as hard.
    """
    arm = np.hypot(*flight.rotor_position_b[:, :2].T).mean() * flight.arm_scale
    return arm * flight.thrust_curve.sum(axis=1) / flight.inertia[:, 0]


def set_torque_to_inertia(flight: FlightParameters, wanted: np.ndarray) -> None:
    """Scale the inertias, in place, so that ``torque_to_inertia`` is (n,) ``wanted``; NaN leaves an airframe alone."""
    factor = torque_to_inertia(flight) / wanted
    flight.inertia *= np.where(np.isfinite(factor), factor, 1.0).astype(np.float32)[:, None]


def bend_thrust_curve(flight: FlightParameters, linear_share: np.ndarray) -> None:
    """Replace thrust curves, in place, by F (k u + (1 - k) u^2) with the same thrust F at full speed.

    k = 0 is the propeller of theory; real curves of speed commands lie between (robots, Bitcraze's
    measurements). (n,) ``linear_share`` k; NaN leaves an airframe alone.
    """
    full = flight.thrust_curve.sum(axis=1)
    k = linear_share.astype(np.float32)
    bent = np.stack([np.zeros_like(full), k * full, (1.0 - k) * full], axis=1)
    chosen = np.isfinite(k)
    flight.thrust_curve[chosen] = bent[chosen]
