"""Differences between motor commands turn the body as the rotors' places say: a swapped order does not.

Each rotor's command, behind a lag, gives a thrust; thrusts times lever arms (and reaction torques about z) are the
torque, which is proportional to the angular acceleration axis by axis. The lag is not known, so several are tried;
the gain of each axis is free but positive.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

import numpy as np
from scipy.signal import lfilter

from calibration.recording.record import Recording
from calibration.recording.relations.agreement import moving_mean
from calibration.recording.resample import Resampled, resample
from sim.registry import load_robot
from sim.spec import MultirotorParameters

RATE_HZ = 250.0
"""Finer than the commands come: they are held, and their edges say when."""
LAGS_S = (0.02, 0.04, 0.07, 0.11, 0.16)
"""Time constants of rotors, from large ones with a good driver to the brushed ones of a Crazyflie (sim/robots)."""
DELAYS_S = (0.0, 0.01, 0.02, 0.04)
TREND_S = 1.0
"""What is slower than this is trim, not manoeuvre: it is taken off on both sides."""
CLEAR = 0.35
"""Sum over the axes of the explained shares that an order must reach to be believed: a third of one axis's motion
is more than a wrong order reaches by chance with hundreds of rows."""
MARGIN = 0.5
"""An order is only refuted when it explains less than this share of what the best one does."""
_SMOOTH = 7
"""Rows, 28 ms: a gyro's noise, differentiated, is small behind it, and rotors do not react faster."""


@dataclass(frozen=True)
class MotorOrder:
    """Which order of the motors explains the angular acceleration, and how well."""

    best: tuple[int, ...]
    """Column i of the log is motor ``best[i]``."""
    score: float
    """Sum of the explained shares of the three axes in that order."""
    as_logged: float
    """The same in the order of the log."""
    lag_s: float
    """Time constant at which the best order explains most."""
    delay_s: float

    @property
    def clear(self) -> bool:
        """Whether any order is to be believed."""
        return self.score >= CLEAR

    @property
    def swapped(self) -> bool:
        """Whether the log's own order is refuted."""
        return self.clear and self.best != tuple(range(len(self.best))) and self.as_logged < MARGIN * self.score


def motor_order(recording: Recording) -> MotorOrder:
    """Return the best order of the motors.

    Raises:
        ConfigError: if the recording lacks gyro or motor commands, or is of a robot without rotors.
    """
    parameters: MultirotorParameters = load_robot(recording.robot).parameters()
    grid = motors_grid(recording)
    lever = torque_per_thrust(parameters)  # (motors, 3)
    orders = np.array(list(permutations(range(parameters.num_rotors))))
    levers = lever[orders]  # (orders, motors, 3)
    best = MotorOrder(tuple(orders[0].tolist()), -1.0, -1.0, 0.0, 0.0)
    as_logged = 0.0
    turn = _turn(grid)
    for lag_s in LAGS_S:
        thrust = _thrust(grid, parameters, lag_s)
        for delay_s in DELAYS_S:
            shares = _shares(_smooth(_delayed(thrust, round(delay_s / grid.period_s)), grid), turn, levers)
            as_logged = max(as_logged, float(shares[0]))
            if shares.max() > best.score:
                order = tuple(orders[int(shares.argmax())].tolist())
                best = MotorOrder(order, float(shares.max()), 0.0, lag_s, delay_s)
    return MotorOrder(best.best, best.score, as_logged, best.lag_s, best.delay_s)


def motors_grid(recording: Recording) -> Resampled:
    """Return gyro and motor commands on one grid."""
    return resample(recording, ("gyro", "motor_command"), RATE_HZ)


def turning_by_motors(
    grid: Resampled, parameters: MultirotorParameters, lag_s: float, delay_s: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return times (m,), what the motors ask for and what the body does about each axis, (m, 3), of unit variance."""
    turn, middle = _turn(grid), _SMOOTH // 2
    thrust = _smooth(_delayed(_thrust(grid, parameters, lag_s), round(delay_s / grid.period_s)), grid)
    time_s = grid.time_s[middle : len(grid.time_s) - middle][_whole(grid)]
    torque = thrust @ torque_per_thrust(parameters)
    return time_s, torque / np.maximum(torque.std(axis=0), 1e-12), turn / np.maximum(turn.std(axis=0), 1e-12)


def torque_per_thrust(parameters: MultirotorParameters) -> np.ndarray:
    """Return each rotor's torque about the centre of mass per newton of thrust, (num_rotors, 3) m."""
    axis = np.array(parameters.rotor_axis_b)
    reaction = parameters.torque_per_thrust * np.array(parameters.yaw_sign)[:, None] * axis
    return np.cross(np.array(parameters.rotor_position_b), axis) + reaction


def _thrust(grid: Resampled, parameters: MultirotorParameters, lag_s: float) -> np.ndarray:
    """Thrust of each rotor behind its lag, (n, motors) N."""
    c0, c1, c2 = parameters.thrust_curve
    keep = np.exp(-grid.period_s / lag_s)
    command = grid["motor_command"]
    # A first-order lag of held values, exact at the rows: speed' = command + keep (speed - command).
    speed, _ = lfilter([0.0, 1.0 - keep], [1.0, -keep], command, axis=0, zi=command[:1])
    return c0 + c1 * speed + c2 * np.square(speed)


def _turn(grid: Resampled) -> np.ndarray:
    """Angular acceleration, (m, 3)."""
    return _smooth(np.gradient(grid["gyro"], grid.period_s, axis=0), grid)


def _smooth(values: np.ndarray, grid: Resampled) -> np.ndarray:
    """Values without noise, without trend, and without the rows about gaps."""
    rows = max(round(TREND_S / grid.period_s) // 2 * 2 + 1, 3)
    return _without_trend(moving_mean(values, _SMOOTH), rows)[_whole(grid)]


def _whole(grid: Resampled) -> np.ndarray:
    return moving_mean(grid.valid[:, None].astype(np.float64), _SMOOTH)[:, 0] > 0.999


def _shares(thrust: np.ndarray, turn: np.ndarray, levers: np.ndarray) -> np.ndarray:
    """Return for each order the sum over the axes of the squared correlation, where it is positive, (orders,)."""
    gram, cross = thrust.T @ thrust, thrust.T @ turn
    power = np.square(turn).sum(axis=0)
    along = np.einsum("oma,ma->oa", levers, cross)
    own = np.einsum("oma,mn,ona->oa", levers, gram, levers)
    correlation = along / np.sqrt(np.maximum(own * power, 1e-30))
    return np.square(np.maximum(correlation, 0.0)).sum(axis=1)


def _delayed(values: np.ndarray, rows: int) -> np.ndarray:
    return values if rows == 0 else np.concatenate([np.repeat(values[:1], rows, axis=0), values[:-rows]])


def _without_trend(values: np.ndarray, rows: int) -> np.ndarray:
    if len(values) <= rows:
        return values - values.mean(axis=0)
    half = rows // 2
    padded = np.concatenate([np.repeat(values[:1], half, axis=0), values, np.repeat(values[-1:], half, axis=0)])
    return values - moving_mean(padded, rows)
