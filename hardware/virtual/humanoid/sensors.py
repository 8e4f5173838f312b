"""What the humanoid measures: encoders, inertial unit and remote, written into a ``LowState``."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from hardware.dds.frames import HgLowState
from hardware.dds.remote import encode
from hardware.virtual.humanoid.body import Body
from hardware.virtual.humanoid.power import Power

ENCODER_STD_RAD = 0.0005
"""About a step of a 14-bit encoder."""
SPEED_STD_RAD_S = 0.02
GYRO_STD_RAD_S = 0.01
ACCELERATION_STD_M_S2 = 0.05
ATTITUDE_STD_RAD = 0.001
"""Noise of a good industrial inertial unit and its filter; chosen values."""
MOTOR_ERROR = 1
"""Error bits of a dead motor; the real codes are not published."""


class Sensors:
    """Reads a body, with noise.

    Args:
        body: what is measured.
        power: its battery and temperatures.
        rng: where the noise comes from.
    """

    def __init__(self, body: Body, power: Power, rng: np.random.Generator) -> None:
        self._body, self._power, self._rng = body, power, rng
        self.gyro_bias_rad_s = 0.0
        """Added to the gyroscope's x."""
        self.broken = False
        """The inertial unit's numbers are NaN."""
        self.buttons: Iterable[str] = ()
        """Buttons of the remote that are down."""

    def write(self, frame: HgLowState, now_ms: int, enabled: NDArray) -> None:
        """Fill a frame and seal it.

        Args:
            frame: whose constant fields are set.
            now_ms: the robot's clock.
            enabled: (n,) motors at work.
        """
        record = frame.record
        record["tick"] = now_ms & 0xFFFFFFFF
        self._write_motors(record["motor_state"][: len(enabled)], enabled)
        self._write_imu(record["imu_state"])
        record["wireless_remote"] = np.frombuffer(encode(self.buttons), np.uint8)
        frame.seal()

    def _write_motors(self, motors: NDArray, enabled: NDArray) -> None:
        body, rng, n = self._body, self._rng, len(enabled)
        motors["mode"] = enabled
        motors["q"] = body.position + body.encoder_bias + rng.normal(0.0, ENCODER_STD_RAD, n)
        motors["dq"] = body.velocity + rng.normal(0.0, SPEED_STD_RAD_S, n)
        motors["ddq"] = body.acceleration
        motors["tau_est"] = body.torque
        motors["temperature"][:, 0] = self._power.casing_c
        motors["temperature"][:, 1] = self._power.winding_c
        motors["vol"] = self._power.voltage
        motors["motorstate"] = 0
        motors["motorstate"][body.dead_motors] = MOTOR_ERROR

    def _write_imu(self, imu: np.void) -> None:
        data, rng = self._body.data, self._rng
        gyro = data.sensor("gyro").data + rng.normal(0.0, GYRO_STD_RAD_S, 3)
        gyro[0] += self.gyro_bias_rad_s
        attitude = _disturb(data.sensor("attitude").data, rng.normal(0.0, ATTITUDE_STD_RAD, 3))
        if self.broken:
            gyro, attitude = np.full(3, np.nan), np.full(4, np.nan)
        imu["gyroscope"] = gyro
        imu["accelerometer"] = data.sensor("accelerometer").data + rng.normal(0.0, ACCELERATION_STD_M_S2, 3)
        imu["quaternion"] = attitude
        imu["rpy"] = roll_pitch_yaw(attitude)
        imu["temperature"] = 40


def roll_pitch_yaw(quaternion: NDArray) -> tuple[float, float, float]:
    """Return the angles about fixed x, then y, then z of a wxyz quaternion, rad."""
    w, x, y, z = quaternion
    roll = math.atan2(2.0 * (w * x + y * z), 1.0 - 2.0 * (x * x + y * y))
    sine = 2.0 * (w * y - z * x)
    pitch = math.asin(min(max(sine, -1.0), 1.0)) if not math.isnan(sine) else math.nan
    return roll, pitch, math.atan2(2.0 * (w * z + x * y), 1.0 - 2.0 * (y * y + z * z))


def _disturb(quaternion: NDArray, angles: NDArray) -> NDArray:
    """Turn a wxyz quaternion by small angles about its own axes, rad."""
    w, x, y, z = quaternion
    a, b, c = 0.5 * angles
    turned = np.array([w - x * a - y * b - z * c, x + w * a + y * c - z * b, y + w * b + z * a - x * c,
                       z + w * c + x * b - y * a])  # fmt: skip
    return turned / np.linalg.norm(turned)
