"""The state estimate on board: a scalar Kalman filter per position axis, noisy attitude and rates.

Velocity is what the firmware gets from integrating its accelerometer: true velocity plus white
noise; position integrates it and is corrected by position measurements, from the virtual
positioning deck or from the client. The variances grow without measurements and shrink with
them, as a client that waits for convergence expects.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from hardware.virtual.multirotor.quaternion import Quaternion, tilted
from hardware.virtual.multirotor.setpoint import Vector

INITIAL_STD_M = (100.0, 100.0, 1.0)
"""Initial uncertainty of the firmware's filter (``kalman_core.c``)."""
VELOCITY_NOISE = 2e-3
"""Std of the velocity estimate, m/s: the noise the hover task assumes."""
ATTITUDE_NOISE = 1e-3
"""Std of the attitude estimate, rad: the noise the hover task assumes on rotation."""
GYRO_NOISE = 2e-3
"""Std of the gyroscope, rad/s: the noise the hover task assumes."""
DRIFT = 1e-2
"""Random walk of dead-reckoned position, m/sqrt(s)."""
DECK_STD_M = 2e-3
"""Noise of one measurement of the virtual positioning deck."""
DECK_PERIOD_MS = 10
DECK_START_MS = 300
"""The deck's first measurement after a reset."""
MAX_VARIANCE = 1e4
_BLOCK = 1000
"""Random numbers are drawn for this many steps at once."""
_ZERO: Vector = (0.0, 0.0, 0.0)


@dataclass(slots=True)
class Estimate:
    """What the controllers and logs see; SI units."""

    position_w: Vector
    velocity_w: Vector
    attitude: Quaternion
    """wxyz, world<-body."""
    angular_velocity_b: Vector


class StateEstimator:
    """Follows the body at 1 kHz."""

    def __init__(self, rng: np.random.Generator, deck: bool = True) -> None:
        """``deck``: a positioning deck measures; else only external positions do."""
        self._rng = rng
        self._deck = deck
        self._noise: list[list[float]] = []
        self._position = [0.0, 0.0, 0.0]
        self.variance = [0.0, 0.0, 0.0]
        """Of the position, m^2 (``kalman.varPX`` and so on)."""
        self._since_reset_ms = 0
        self.external_std_m = 0.01
        self.gyro_bias_b: Vector = _ZERO
        """Fault: added to the measured rates, rad/s."""
        self.position_bias_w: Vector = _ZERO
        """Fault: added to every measured position, m."""
        self.broken = False
        """Fault: positions are not numbers."""
        self.estimate = Estimate(_ZERO, _ZERO, (1.0, 0.0, 0.0, 0.0), _ZERO)
        self.reset((0.0, 0.0, 0.0))

    def reset(self, position_w: Vector) -> None:
        """Forget the position: start from ``position_w`` with the initial uncertainty."""
        self._position = list(position_w)
        self.variance = [std * std for std in INITIAL_STD_M]
        self._since_reset_ms = 0

    def measure_position(self, position_w: Vector) -> None:
        """Fuse an external position, m."""
        self._fuse(position_w, self.external_std_m)

    def step(
        self, dt_s: float, position_w: Vector, velocity_w: Vector, attitude: Quaternion, angular_velocity_b: Vector
    ) -> Estimate:
        """Advance by ``dt_s`` from the true state; returns the new estimate."""
        n = self._next_noise()
        velocity = (velocity_w[0] + n[0], velocity_w[1] + n[1], velocity_w[2] + n[2])
        walk = DRIFT * math.sqrt(dt_s)
        position, variance = self._position, self.variance
        for i in (0, 1, 2):
            position[i] += velocity_w[i] * dt_s + walk * n[9 + i]
            grown = variance[i] + walk * walk
            variance[i] = grown if grown < MAX_VARIANCE else MAX_VARIANCE
        self._since_reset_ms += round(dt_s * 1000.0)
        if self._deck and self._since_reset_ms >= DECK_START_MS and self._since_reset_ms % DECK_PERIOD_MS == 0:
            measured = tuple(position_w[i] + DECK_STD_M * n[12 + i] for i in range(3))
            self._fuse(measured, DECK_STD_M)
        if self.broken:
            self._position = [math.nan] * 3
        bx, by, bz = self.gyro_bias_b
        self.estimate = Estimate(
            (self._position[0], self._position[1], self._position[2]),
            velocity,
            tilted(attitude, n[3], n[4], n[5]),
            (angular_velocity_b[0] + n[6] + bx, angular_velocity_b[1] + n[7] + by, angular_velocity_b[2] + n[8] + bz),
        )
        return self.estimate

    def _fuse(self, measured: tuple[float, ...], std: float) -> None:
        for i in range(3):
            gain = self.variance[i] / (self.variance[i] + std * std)
            self._position[i] += gain * (measured[i] + self.position_bias_w[i] - self._position[i])
            self.variance[i] *= 1.0 - gain

    def _next_noise(self) -> list[float]:
        """Velocity 3, attitude 3, gyroscope 3 (scaled), then unit noise: drift 3, deck 3."""
        if not self._noise:
            scale = np.repeat([VELOCITY_NOISE, ATTITUDE_NOISE, GYRO_NOISE, 1.0, 1.0], 3)
            self._noise = (self._rng.standard_normal((_BLOCK, 15)) * scale).tolist()
        return self._noise.pop()
