"""What an airframe can do in its own units of time: how fast it rights itself, how steep it may start.

A 35 g quadrotor turns upright in a tenth of a second, a 5 kg one with slow motors in a whole one and
falls metres meanwhile. Tasks for many airframes therefore scale their start states by these times.
"""

from __future__ import annotations

import numpy as np

from sim.airframes import torque_to_inertia
from sim.flight.parameters import FlightParameters
from sim.spec import GRAVITY

DELAY_S = 0.03
"""Command and state delays together, the largest that the flight tasks draw."""
SLIP_M = 0.75
"""Distance an airframe may fall or slide while it rights itself, m: what is left of two metres after a start
0.2 m off with 1 m/s, and room to brake."""
_TILTS = np.linspace(0.02, 0.5 * np.pi, 128)


def righting_time(flight: FlightParameters, tilt_rad: np.ndarray) -> np.ndarray:
    """Return how long each airframe takes to turn upright from each tilt, (n, k) s.

    t = tau + d + 2 sqrt(tilt / a): the rotors' mean lag tau, the delay d, then half the way accelerating and
    half braking with a, half of what two full rotors against two idle ones give (the others must lift).

    Args:
        flight: n airframes.
        tilt_rad: (k,) tilts.
    """
    lag = 0.5 * (flight.motor_rise_s + flight.motor_fall_s) + DELAY_S
    acceleration = 0.5 * np.sqrt(2.0) * torque_to_inertia(flight)
    return lag[:, None] + 2.0 * np.sqrt(tilt_rad[None] / acceleration[:, None])


def largest_start_tilt(flight: FlightParameters, tilt_rad: float = 0.5 * np.pi) -> np.ndarray:
    """Return the steepest start that costs at most ``SLIP_M``, (n,) rad, never above ``tilt_rad``.

    While it rights itself an airframe is pushed by g sin(tilt / 2) on average (free fall and thrust to the
    side alike), so it slips g t^2 sin(tilt / 2) until it has stopped again.
    """
    slip = GRAVITY * righting_time(flight, _TILTS) ** 2 * np.sin(0.5 * _TILTS)[None]
    allowed = np.where(slip <= SLIP_M, _TILTS[None], _TILTS[0]).max(axis=1)
    return np.minimum(allowed, tilt_rad)


def fit_start(state: np.ndarray, flight: FlightParameters) -> None:
    """Shrink the tilts of start states, in place, in proportion to what each airframe can right.

    A start at 90 degrees becomes one at ``largest_start_tilt``; the heading stays.

    Args:
        state: (n, 13 or more) float32, quaternion world<-body (wxyz) in columns 3 to 6.
        flight: n airframes.
    """
    w, x, y, z = state[:, 3:7].astype(np.float64).T
    # q = tilt about a horizontal axis, after a turn about z: the second has the angle 2 atan2(z, w).
    half_heading = np.arctan2(z, w)
    half_tilt = np.arctan2(np.hypot(x, y), np.hypot(w, z))
    axis = np.arctan2(y, x) + half_heading
    half_tilt *= largest_start_tilt(flight) / (0.5 * np.pi)
    cosine, sine = np.cos(half_tilt), np.sin(half_tilt)
    state[:, 3], state[:, 6] = cosine * np.cos(half_heading), cosine * np.sin(half_heading)
    state[:, 4], state[:, 5] = sine * np.cos(axis - half_heading), sine * np.sin(axis - half_heading)


def thrust_margin(thrust_to_weight: np.ndarray, peak_acceleration_m_s2: float) -> np.ndarray:
    """Return the largest thrust over what a level trajectory asks for at its sharpest, (n,).

    The thrust must carry the weight and give the horizontal acceleration a: m sqrt(g^2 + a^2). At 1 nothing
    is left to correct an error with.
    """
    return thrust_to_weight / np.hypot(1.0, peak_acceleration_m_s2 / GRAVITY)
