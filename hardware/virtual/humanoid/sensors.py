"""What the humanoid measures, written into a ``LowState``, with the buttons of its remote."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from hardware.dds.frames import HgLowState
from hardware.dds.remote import encode
from hardware.virtual.joints.body import Body
from hardware.virtual.joints.power import Power
from hardware.virtual.joints.sensors import JointSensors, Measurement

STOP_BUTTONS = ("L2", "B")
MOTOR_ERROR = 1
"""Error bits of a dead motor; the real codes are not published."""


class StateWriter:
    """Fills frames.

    Args:
        body: of the robot.
        power: its battery and temperatures.
        sensors: what measures it.
    """

    def __init__(self, body: Body, power: Power, sensors: JointSensors) -> None:
        self._body, self._power, self._sensors = body, power, sensors

    def write(self, frame: HgLowState, now_ms: int, enabled: NDArray) -> None:
        """Fill a frame and seal it.

        Args:
            frame: whose constant fields are set.
            now_ms: the robot's clock.
            enabled: (n,) motors at work.
        """
        record, measured = frame.record, self._sensors.measure()
        record["tick"] = now_ms & 0xFFFFFFFF
        self._write_motors(record["motor_state"][: len(enabled)], measured, enabled)
        self._write_imu(record["imu_state"], measured)
        buttons = STOP_BUTTONS if self._sensors.remote_stop else ()
        record["wireless_remote"] = np.frombuffer(encode(buttons), np.uint8)
        frame.seal()

    def _write_motors(self, motors: NDArray, measured: Measurement, enabled: NDArray) -> None:
        motors["mode"] = enabled
        motors["q"] = measured.position
        motors["dq"] = measured.velocity
        motors["ddq"] = measured.acceleration
        motors["tau_est"] = measured.torque
        motors["temperature"][:, 0] = self._power.casing_c
        motors["temperature"][:, 1] = self._power.winding_c
        motors["vol"] = self._power.voltage
        motors["motorstate"] = 0
        motors["motorstate"][self._body.dead_motors] = MOTOR_ERROR

    def _write_imu(self, imu: np.void, measured: Measurement) -> None:
        imu["gyroscope"] = measured.angular_velocity_b
        imu["accelerometer"] = measured.specific_force_b
        imu["quaternion"] = measured.orientation_wxyz
        imu["rpy"] = roll_pitch_yaw(measured.orientation_wxyz)
        imu["temperature"] = 40


def roll_pitch_yaw(quaternion: NDArray) -> tuple[float, float, float]:
    """Return the angles about fixed x, then y, then z of a wxyz quaternion, rad."""
    w, x, y, z = quaternion
    roll = math.atan2(2.0 * (w * x + y * z), 1.0 - 2.0 * (x * x + y * y))
    sine = 2.0 * (w * y - z * x)
    pitch = math.asin(min(max(sine, -1.0), 1.0)) if not math.isnan(sine) else math.nan
    return roll, pitch, math.atan2(2.0 * (w * z + x * y), 1.0 - 2.0 * (y * y + z * z))
