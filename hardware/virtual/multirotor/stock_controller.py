"""The stock controller: a cascade of PIDs, position -> velocity -> attitude -> rate -> motors.

The law is ``sim/flight/crazyflie_pid.py``, which policies that command rates, attitude, velocity or position
are judged with; here it meets set-points whose axes may each be commanded otherwise, and the
stock behaviour around them (the 500 ms and 2000 ms watchdog).
"""

from __future__ import annotations

import math

import numpy as np

from hardware.virtual.multirotor.estimator import Estimate
from hardware.virtual.multirotor.quaternion import roll_pitch_yaw, rotation_matrix
from hardware.virtual.multirotor.setpoint import Mode, Setpoint, Vector
from sim.flight import crazyflie_pid as pid
from sim.spec import MultirotorParameters

Motors = tuple[float, ...]
"""Speed fractions of the rotors, in motor order."""
OFF: Motors = (0.0, 0.0, 0.0, 0.0)
"""A quadrotor's, at rest."""


class StockController:
    """Cascaded PID; call once per millisecond."""

    def __init__(self, parameters: MultirotorParameters) -> None:
        self._p = parameters
        self._constants = pid.constants(parameters)
        self._command = np.zeros(parameters.num_rotors)
        self.reset()
        # The first call compiles or loads the law: not in the first millisecond of flight.
        rest = (0.0, 0.0, 0.0)
        everything = Setpoint(Mode.ABSOLUTE, Mode.ABSOLUTE, yaw=Mode.ABSOLUTE)
        self.step(0.001, Estimate(rest, rest, (1.0, 0.0, 0.0, 0.0), rest), everything, False)
        self.reset()

    def reset(self) -> None:
        """Forget integrals and held positions."""
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
            return (0.0,) * self._p.num_rotors
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
                self._memory[pid.VELOCITY_TRIM + i] = 0.0
                continue
            if mode == Mode.ABSOLUTE:
                error = setpoint.position_w[i] - estimate.position_w[i]
                feed_forward = want[i] if setpoint.xy == Mode.ABSOLUTE else 0.0
                want[i] = _clip(feed_forward + pid.POSITION_P * error, pid.MAX_SPEED)
            needed = pid.acceleration(dt_s, i, want[i], estimate.velocity_w[i], self._memory)
            result[i] = needed + setpoint.acceleration_w[i]
        return result[0], result[1], result[2]

    def _tilt(self, setpoint: Setpoint, level_out: bool, yaw: float, ax: float, ay: float) -> tuple[float, float]:
        if level_out:
            return 0.0, 0.0
        if setpoint.xy == Mode.DISABLED:
            return setpoint.roll, setpoint.pitch
        return pid.tilt(ax, ay, yaw)

    def _yaw_rate(self, dt_s: float, setpoint: Setpoint, yaw: float) -> float:
        if setpoint.yaw == Mode.ABSOLUTE:
            self._memory[pid.HEADING] = setpoint.heading
            return pid.heading_rate(dt_s, yaw, 0.0, self._memory)
        return pid.heading_rate(dt_s, yaw, setpoint.yaw_rate, self._memory)

    def _force(self, setpoint: Setpoint, az: float, estimate: Estimate) -> float:
        if setpoint.z == Mode.DISABLED:
            return setpoint.thrust * self._p.max_thrust
        return pid.lift(az, rotation_matrix(estimate.attitude)[8], self._constants)

    def _fly(self, dt_s: float, force: float, p: float, q: float, r: float, rate: Vector) -> Motors:
        pid.rates_to_motors(dt_s, force, p, q, r, *rate, 1.0, self._constants, self._memory, self._command)
        return tuple(self._command.tolist())


def _clip(value: float, limit: float) -> float:
    return min(max(value, -limit), limit)
