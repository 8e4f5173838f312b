"""The stock controller: a cascade of PIDs, position -> velocity -> attitude -> rate -> motors.

The structure is the firmware's ``controller_pid``; gains are in SI units for this airframe and
chosen here, because the firmware's act on PWM counts and degrees. It exists so that a client
meets the stock behaviour (attitude set-points, the 500 ms and 2000 ms watchdog), not as a
benchmark. From attitude on it is ``sim/flight/crazyflie_pid.py``, which policies that command
attitude and thrust are judged with.
"""

from __future__ import annotations

import math

import numpy as np

from hardware.virtual.multirotor.estimator import Estimate
from hardware.virtual.multirotor.quaternion import roll_pitch_yaw, rotation_matrix
from hardware.virtual.multirotor.setpoint import Mode, Setpoint, Vector
from sim.flight import crazyflie_pid as pid
from sim.spec import GRAVITY, MultirotorParameters

Motors = tuple[float, float, float, float]
OFF: Motors = (0.0, 0.0, 0.0, 0.0)

POSITION_P = 1.5
"""Velocity per position error, 1/s."""
MAX_SPEED_XY, MAX_SPEED_Z = 1.0, 1.0
"""m/s"""
VELOCITY_P, VELOCITY_I = 2.5, 0.6
"""Acceleration per velocity error, 1/s, and per its integral, 1/s^2."""
MAX_TILT = math.radians(20.0)


class StockController:
    """Cascaded PID; call once per millisecond."""

    def __init__(self, parameters: MultirotorParameters) -> None:
        self._p = parameters
        self._constants = pid.constants(parameters)
        self._command = np.zeros(parameters.num_rotors)
        self.reset()
        # The first call compiles or loads the law: not in the first millisecond of flight.
        self._fly(0.001, 0.0, pid.heading_rate(0.001, 0.0, 0.0, self._memory), 0.0, 0.0, (0.0, 0.0, 0.0))
        self.reset()

    def reset(self) -> None:
        """Forget integrals and held positions."""
        self._integral = [0.0, 0.0, 0.0]
        self._memory = pid.memory(self._p.num_rotors)

    def watch(self, dt_s: float, motors: Motors) -> None:
        """Note what somebody else commands: who takes over in the air must know how fast the rotors turn."""
        for i, motor in enumerate(motors):
            speed = self._memory[pid.MODEL_SPEED + i]
            self._memory[pid.MODEL_SPEED + i] = speed + (motor - speed) * dt_s / self._constants[pid.LAG]

    def take_over(self) -> None:
        """Forget all but how fast the rotors turn."""
        speeds = self._memory[pid.MODEL_SPEED :].copy()
        self.reset()
        self._memory[pid.MODEL_SPEED :] = speeds

    def step(self, dt_s: float, estimate: Estimate, setpoint: Setpoint, level_out: bool) -> Motors:
        """Return motor commands (speed fractions).

        Args:
            dt_s: time since the last call.
            estimate: present state.
            setpoint: present command.
            level_out: the set-point is old: ignore its horizontal part and hold the attitude level.
        """
        if setpoint.is_stop:
            self.reset()
            return OFF
        roll, pitch, yaw = roll_pitch_yaw(estimate.attitude)
        ax, ay, az = self._acceleration(dt_s, estimate, setpoint, yaw)
        want_roll, want_pitch = self._tilt(setpoint, level_out, yaw, ax, ay)
        rate = setpoint.tilt == Mode.VELOCITY and not level_out
        p = setpoint.roll_rate if rate else _clip(pid.ATTITUDE_P * (want_roll - roll), pid.MAX_RATE)
        q = setpoint.pitch_rate if rate else _clip(pid.ATTITUDE_P * (want_pitch - pitch), pid.MAX_RATE)
        r = 0.0 if level_out else self._yaw_rate(dt_s, setpoint, yaw)
        return self._fly(dt_s, self._force(setpoint, az, estimate), p, q, r, estimate.angular_velocity_b)

    def _acceleration(self, dt_s: float, estimate: Estimate, setpoint: Setpoint, yaw: float) -> Vector:
        vx, vy, vz = setpoint.velocity
        if setpoint.velocity_in_body:
            c, s = math.cos(yaw), math.sin(yaw)
            vx, vy = c * vx - s * vy, s * vx + c * vy
        want = [vx, vy, vz]
        modes = (setpoint.xy, setpoint.xy, setpoint.z)
        result = [0.0, 0.0, 0.0]
        for i, mode in enumerate(modes):
            if mode == Mode.DISABLED:
                self._integral[i] = 0.0
                continue
            if mode == Mode.ABSOLUTE:
                error = setpoint.position_w[i] - estimate.position_w[i]
                feed_forward = want[i] if setpoint.xy == Mode.ABSOLUTE else 0.0
                want[i] = _clip(feed_forward + POSITION_P * error, MAX_SPEED_Z if i == 2 else MAX_SPEED_XY)
            error = want[i] - estimate.velocity_w[i]
            self._integral[i] = _clip(self._integral[i] + VELOCITY_I * error * dt_s, 3.0)
            result[i] = VELOCITY_P * error + self._integral[i] + setpoint.acceleration_w[i]
        return result[0], result[1], result[2]

    def _tilt(self, setpoint: Setpoint, level_out: bool, yaw: float, ax: float, ay: float) -> tuple[float, float]:
        if level_out:
            return 0.0, 0.0
        if setpoint.xy == Mode.DISABLED:
            return setpoint.roll, setpoint.pitch
        c, s = math.cos(yaw), math.sin(yaw)
        forward, left = c * ax + s * ay, -s * ax + c * ay
        return _clip(-left / GRAVITY, MAX_TILT), _clip(forward / GRAVITY, MAX_TILT)

    def _yaw_rate(self, dt_s: float, setpoint: Setpoint, yaw: float) -> float:
        if setpoint.yaw == Mode.ABSOLUTE:
            self._memory[pid.HEADING] = setpoint.heading
            return pid.heading_rate(dt_s, yaw, 0.0, self._memory)
        return pid.heading_rate(dt_s, yaw, setpoint.yaw_rate, self._memory)

    def _force(self, setpoint: Setpoint, az: float, estimate: Estimate) -> float:
        if setpoint.z == Mode.DISABLED:
            return setpoint.thrust * self._p.max_thrust
        up = max(0.5, rotation_matrix(estimate.attitude)[8])
        return max(0.0, self._p.mass * (GRAVITY + az) / up)

    def _fly(self, dt_s: float, force: float, p: float, q: float, r: float, rate: Vector) -> Motors:
        pid.rates_to_motors(dt_s, force, p, q, r, *rate, 1.0, self._constants, self._memory, self._command)
        m1, m2, m3, m4 = self._command.tolist()
        return m1, m2, m3, m4


def _clip(value: float, limit: float) -> float:
    return min(max(value, -limit), limit)
