"""From an airframe and the law on board to the coefficients of the reduced plant (cascade_kernel.py).

Nothing is fitted: each coefficient is the law's gain (crazyflie_pid.py) times what the drawn
airframe makes of it. ``tests/sim/flight/test_cascade_kernel.py`` holds the result against step
responses of the full body under the full law, at every level.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.errors import ConfigError
from sim.flight import cascade_kernel as kernel
from sim.flight import crazyflie_pid as pid
from sim.spec import GRAVITY, ActionLevel, ActionSpec, MultirotorParameters

if TYPE_CHECKING:
    from sim.randomization import Sample

Array = NDArray[np.float32]

CASCADE: dict[ActionLevel, int] = {
    "rates_thrust": pid.RATES,
    "attitude_thrust": pid.ATTITUDE,
    "velocity": pid.VELOCITY,
    "position": pid.POSITION,
}
"""Levels with controllers on board beneath them."""
CHANNELS: dict[ActionLevel, tuple[tuple[str, ...], str]] = {
    "rates_thrust": (("roll_rate", "pitch_rate", "yaw_rate", "thrust"), "rad/s, rad/s, rad/s, fraction of max thrust"),
    "attitude_thrust": (("roll", "pitch", "yaw_rate", "thrust"), "rad, rad, rad/s, fraction of max thrust"),
    "velocity": (("ahead", "left", "up", "yaw_rate"), "m/s, m/s, m/s, rad/s"),
    "position": (("ahead", "left", "up", "yaw"), "m, m, m, rad"),
}
"""Names and units of each level's commands. About x; about y (nose down is positive); about z
(counter-clockwise is positive); fraction of the nominal airframe's largest total thrust. Velocities are in the
heading frame: level, x ahead of the robot. A position is where to fly to seen from the task's set-point, along
the same axes, and its yaw the heading to turn to, from the set-point's."""

UNTRIMMED = {pid.RATES: 0.3, pid.ATTITUDE: 0.3, pid.VELOCITY: 0.05, pid.POSITION: 0.05}
"""Share of the imbalance in hover that the plant keeps for ever. In flight the integral parts have found
their trim; the plant has none and leaves this much of the search to the policy, less where what is left would be
a tilt that no command of the level can take away."""
SHORTEST_LAG_S = 0.02
"""The law's lead makes up for more than the lag of rotors much faster than nominal: then this."""


def hover_action(level: ActionLevel, parameters: MultirotorParameters) -> tuple[float, ...]:
    """Return the command that holds an airframe in the air: no motion, and at its hover thrust where that is asked."""
    return 0.0, 0.0, 0.0, 0.0 if CASCADE[level] >= pid.VELOCITY else 1.0 / parameters.thrust_to_weight


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
    """Return the plant's coefficients, ``(n, 32)`` float32.

    Args:
        drawn: airframes and gains.
        nominal: the airframe that the law on board was written for.
        action: level and ranges of the four commands.
        period_s: control period.

    Raises:
        ConfigError: for a level that is not of this cascade.
    """
    if action.level not in CASCADE:
        raise ConfigError(f"the cascade on board takes {', '.join(CASCADE)}; not '{action.level}'")
    level = CASCADE[action.level]
    flight = drawn.flight
    row = np.empty((drawn.num_envs, kernel.PACKED_SIZE))
    mass, inertia = flight.mass.astype(np.float64)[:, None], flight.inertia.astype(np.float64)
    factor = thrust_factor(drawn)[:, None]
    row[:, kernel.STEP_S] = period_s / kernel.SUBSTEPS
    row[:, kernel.LOW] = action.low
    row[:, kernel.SPAN] = np.subtract(action.high, action.low)
    row[:, kernel.ATTITUDE_GAIN] = pid.ATTITUDE_P * drawn.attitude_gain
    # A yaw rate follows within the heading loop's time, far slower than rate loop and rotors.
    gains = np.array([pid.RATE_P, pid.RATE_P, pid.YAW_RATE_P if level == pid.POSITION else pid.YAW_P])
    row[:, kernel.RATE_GAIN] = gains * drawn.rate_gain[:, None] * factor * np.array(nominal.inertia) / inertia
    row[:, kernel.LAG_SHARE] = -np.expm1(-row[:, kernel.STEP_S] / lag(drawn, nominal))
    row[:, kernel.SPECIFIC_THRUST] = factor[:, 0] * nominal.max_thrust / mass[:, 0]
    row[:, kernel.FREE_ACCELERATION_W] = flight.force_w / mass - (0.0, 0.0, GRAVITY)
    turning = unequal_rotors(drawn) / inertia
    row[:, kernel.THRUST_BIAS] = turning / hover_thrust(drawn, nominal)[:, None]
    row[:, kernel.BIAS] = UNTRIMMED[level] * (turning + flight.torque_b / inertia) - turning
    row[:, kernel.LEVEL] = level
    row[:, kernel.VELOCITY_GAIN], row[:, kernel.POSITION_GAIN] = pid.VELOCITY_P, pid.POSITION_P
    row[:, kernel.YAW_GAIN] = pid.YAW_P
    believed = 1.0 / nominal.thrust_to_weight
    row[:, kernel.TRIM_VELOCITY_W] = 0.0
    row[:, kernel.HOVER_THRUST], row[:, kernel.THRUST_PER_ACCELERATION] = believed, believed / GRAVITY
    if level >= pid.VELOCITY:
        found = (1.0 - UNTRIMMED[level]) * velocity_trim(drawn, nominal)
        row[:, kernel.TRIM_VELOCITY_W] = found[:, :2] / pid.VELOCITY_P
        row[:, kernel.HOVER_THRUST] *= 1.0 + found[:, 2] / GRAVITY
    return row.astype(np.float32)


def trim(drawn: Sample, nominal: MultirotorParameters) -> NDArray[np.float64]:
    """Return the law's integral parts once they have trimmed an airframe, rad/s^2, ``(n, 3)``."""
    believed = np.array(nominal.inertia) * thrust_factor(drawn)[:, None]
    believed[:, 2] *= drawn.flight.torque_per_thrust / nominal.torque_per_thrust
    return np.clip(-(unequal_rotors(drawn) + drawn.flight.torque_b) / believed, -pid.MAX_TRIM, pid.MAX_TRIM)


def velocity_trim(drawn: Sample, nominal: MultirotorParameters) -> NDArray[np.float64]:
    """Return the velocity loop's integral parts once they hold an airframe against its disturbance, m/s^2, ``(n, 3)``.

    To first order: what tilts the airframe holds the horizontal force, and thrust the weight and vertical force.
    """
    force, weight = drawn.flight.force_w.astype(np.float64), drawn.flight.mass * GRAVITY
    needed = -force / drawn.flight.mass.astype(np.float64)[:, None]
    wanted = (weight - force[:, 2]) / (thrust_factor(drawn) * nominal.mass)
    needed[:, 2] = wanted - GRAVITY
    return np.clip(needed, -np.array(pid.MAX_VELOCITY_TRIM), pid.MAX_VELOCITY_TRIM)


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
