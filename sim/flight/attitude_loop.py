"""From an airframe and the law on board to the coefficients of the reduced plant (attitude_kernel.py).

Nothing is fitted: each coefficient is the law's gain (crazyflie_pid.py) times what the drawn
airframe makes of it. ``tests/sim/flight/test_attitude_kernel.py`` holds the result against step
responses of the full body under the full law.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.flight import attitude_kernel as kernel
from sim.flight import crazyflie_pid as pid
from sim.spec import GRAVITY, ActionSpec, MultirotorParameters

if TYPE_CHECKING:
    from sim.randomization import Sample

Array = NDArray[np.float32]

NAMES = ("roll", "pitch", "yaw_rate", "thrust")
"""Commands of the level ``attitude_thrust``: rad about x; rad about y (nose down is positive); rad/s
about z (counter-clockwise is positive); fraction of the nominal airframe's largest total thrust."""
UNIT = "rad, rad, rad/s, fraction of max thrust"

UNTRIMMED = 0.3
"""Share of the imbalance in hover that the plant keeps for ever. In flight the rate loop's integral
has found its trim; the plant has no integral and leaves this much of the search to the policy."""
SHORTEST_LAG_S = 0.02
"""The law's lead makes up for more than the lag of rotors much faster than nominal: then this."""


def hover_action(parameters: MultirotorParameters) -> tuple[float, ...]:
    """Return the command that holds an airframe in the air: level, at its hover thrust."""
    return 0.0, 0.0, 0.0, 1.0 / parameters.thrust_to_weight


def thrust_factor(drawn: Sample) -> NDArray[np.float64]:
    """Thrust of each drawn airframe over what the law believes, ``(n,)``."""
    return drawn.thrust_scale.astype(np.float64) * drawn.flight.motor_gain.mean(axis=1)


def hover_thrust(drawn: Sample, nominal: MultirotorParameters) -> NDArray[np.float64]:
    """Thrust command at which each drawn airframe hovers, fraction of the full thrust, ``(n,)``."""
    return drawn.flight.mass * GRAVITY / (thrust_factor(drawn) * nominal.max_thrust)


def lag(drawn: Sample, nominal: MultirotorParameters) -> NDArray[np.float64]:
    """Lag of torque and thrust behind the law's demand, s, ``(n,)``.

    Rotors with the modelled lag T follow a demand with T / (1 + k), where k = LEAD_S / T; what a
    drawn rotor is slower than the model comes on top, to first order.
    """
    modelled = 0.5 * (nominal.motor_rise_s + nominal.motor_fall_s)
    drawn_lag = 0.5 * (drawn.flight.motor_rise_s.astype(np.float64) + drawn.flight.motor_fall_s)
    return np.maximum(modelled * modelled / (modelled + pid.LEAD_S) + drawn_lag - modelled, SHORTEST_LAG_S)


def pack(drawn: Sample, nominal: MultirotorParameters, action: ActionSpec, period_s: float) -> Array:
    """Return the plant's coefficients, ``(n, 24)`` float32.

    Args:
        drawn: airframes and gains.
        nominal: the airframe that the law on board was written for.
        action: ranges of the four commands.
        period_s: control period.
    """
    flight = drawn.flight
    row = np.empty((drawn.num_envs, kernel.PACKED_SIZE))
    mass, inertia = flight.mass.astype(np.float64)[:, None], flight.inertia.astype(np.float64)
    factor = thrust_factor(drawn)[:, None]
    row[:, kernel.STEP_S] = period_s / kernel.SUBSTEPS
    row[:, kernel.LOW] = action.low
    row[:, kernel.SPAN] = np.subtract(action.high, action.low)
    row[:, kernel.ATTITUDE_GAIN] = pid.ATTITUDE_P * drawn.attitude_gain
    # The yaw rate follows within the heading loop's time, far slower than rate loop and rotors.
    gains = np.array([pid.RATE_P, pid.RATE_P, pid.YAW_P])
    row[:, kernel.RATE_GAIN] = gains * drawn.rate_gain[:, None] * factor * np.array(nominal.inertia) / inertia
    row[:, kernel.LAG_SHARE] = -np.expm1(-row[:, kernel.STEP_S] / lag(drawn, nominal))
    row[:, kernel.SPECIFIC_THRUST] = factor[:, 0] * nominal.max_thrust / mass[:, 0]
    row[:, kernel.FREE_ACCELERATION_W] = flight.force_w / mass - (0.0, 0.0, GRAVITY)
    turning = unequal_rotors(drawn) / inertia
    row[:, kernel.THRUST_BIAS] = turning / hover_thrust(drawn, nominal)[:, None]
    row[:, kernel.BIAS] = UNTRIMMED * (turning + flight.torque_b / inertia) - turning
    return row.astype(np.float32)


def trim(drawn: Sample, nominal: MultirotorParameters) -> NDArray[np.float64]:
    """Return the law's integral parts once they have trimmed an airframe, rad/s^2, ``(n, 3)``."""
    believed = np.array(nominal.inertia) * thrust_factor(drawn)[:, None]
    believed[:, 2] *= drawn.flight.torque_per_thrust / nominal.torque_per_thrust
    return np.clip(-(unequal_rotors(drawn) + drawn.flight.torque_b) / believed, -pid.MAX_TRIM, pid.MAX_TRIM)


def unequal_rotors(drawn: Sample) -> NDArray[np.float64]:
    """Torque of the rotors about the centre of mass in hover with equal commands, N m, ``(n, 3)``."""
    flight = drawn.flight
    gain = flight.motor_gain.astype(np.float64)
    thrust = (flight.mass * GRAVITY / gain.sum(axis=1))[:, None] * gain  # (n, rotors)
    arm = flight.rotor_position_b.astype(np.float64) - flight.centre_of_mass_b[:, None]  # (n, rotors, 3)
    return np.stack(
        [
            (arm[..., 1] * thrust).sum(axis=1),
            -(arm[..., 0] * thrust).sum(axis=1),
            (flight.torque_per_thrust[:, None] * flight.yaw_sign * thrust).sum(axis=1),
        ],
        axis=1,
    )


def begin(state: Array, nominal: MultirotorParameters) -> None:
    """Turn the rotors of start states (n, 17) into the plant's actuators: no torque, their thrust."""
    c0, c1, c2 = nominal.thrust_curve
    speed = state[:, 13:17]
    thrust = (c0 + c1 * speed + c2 * speed * speed).sum(axis=1) / nominal.max_thrust
    state[:, 13:16] = 0.0
    state[:, 16] = thrust
