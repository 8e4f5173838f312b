"""What a robot with joints measures: encoders and inertial unit, with noise; every protocol reports it its own way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hardware.virtual.joints.body import Body
from hardware.virtual.joints.power import Power

ENCODER_STD_RAD = 0.0005
"""About a step of a 14-bit encoder."""
SPEED_STD_RAD_S = 0.02
GYRO_STD_RAD_S = 0.01
ACCELERATION_STD_M_S2 = 0.05
ATTITUDE_STD_RAD = 0.001
"""Noise of a good industrial inertial unit and its filter; chosen values."""


@dataclass(frozen=True)
class Measurement:
    """One look at everything; joints (n,)."""

    position: NDArray
    """rad"""
    velocity: NDArray
    """rad/s"""
    acceleration: NDArray
    """rad/s^2"""
    torque: NDArray
    """N m"""
    temperature_c: NDArray
    """Of the hotter of casing and winding."""
    orientation_wxyz: NDArray
    """(4,) world<-body."""
    angular_velocity_b: NDArray
    """(3,) rad/s"""
    specific_force_b: NDArray
    """(3,) m/s^2"""


class JointSensors:
    """Reads a body.

    Args:
        body: what is measured.
        power: its battery and temperatures.
        rng: where the noise comes from.
    """

    def __init__(self, body: Body, power: Power, rng: np.random.Generator) -> None:
        self._body, self._power, self._rng = body, power, rng
        self.gyro_bias_rad_s = 0.0
        """Fault: added to the gyroscope's x."""
        self.broken = False
        """Fault: the inertial unit's numbers are NaN."""
        self.remote_stop = False
        """The operator holds the stop buttons of the robot's own remote."""

    def measure(self) -> Measurement:
        """Return what is measured now; every call draws fresh noise."""
        body, rng, n = self._body, self._rng, len(self._body.position)
        position = body.position + body.encoder_bias + rng.normal(0.0, ENCODER_STD_RAD, n)
        velocity = body.velocity + rng.normal(0.0, SPEED_STD_RAD_S, n)
        gyro = body.data.sensor("gyro").data + rng.normal(0.0, GYRO_STD_RAD_S, 3)
        gyro[0] += self.gyro_bias_rad_s
        attitude = _disturb(body.data.sensor("attitude").data, rng.normal(0.0, ATTITUDE_STD_RAD, 3))
        if self.broken:
            gyro, attitude = np.full(3, np.nan), np.full(4, np.nan)
        force = body.data.sensor("accelerometer").data + rng.normal(0.0, ACCELERATION_STD_M_S2, 3)
        hottest = np.maximum(self._power.casing_c, self._power.winding_c)
        return Measurement(position, velocity, body.acceleration, body.torque, hottest, attitude, gyro, force)


def _disturb(quaternion: NDArray, angles: NDArray) -> NDArray:
    """Turn a wxyz quaternion by small angles about its own axes, rad."""
    w, x, y, z = quaternion
    a, b, c = 0.5 * angles
    turned = np.array([w - x * a - y * b - z * c, x + w * a + y * c - z * b, y + w * b + z * a - x * c,
                       z + w * c + x * b - y * a])  # fmt: skip
    return turned / np.linalg.norm(turned)
