"""The stock controller: a cascade of PIDs, position -> velocity -> attitude -> rate -> motors.

The structure is the firmware's ``controller_pid``; gains are in SI units for this airframe and
chosen here, because the firmware's act on PWM counts and degrees. It exists so that a client
meets the stock behaviour (attitude set-points, the 500 ms and 2000 ms watchdog), not as a
benchmark.
"""

from __future__ import annotations

import math

from hardware.virtual.multirotor.estimator import Estimate
from hardware.virtual.multirotor.quaternion import roll_pitch_yaw, rotation_matrix
from hardware.virtual.multirotor.setpoint import Mode, Setpoint, Vector
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
ATTITUDE_P = 6.0
"""Rate per attitude error, 1/s."""
MAX_RATE = 6.0
"""rad/s"""
RATE_P = 14.0
"""Angular acceleration per rate error, 1/s."""
YAW_P, YAW_RATE_P = 2.0, 4.0
LEAD_S = 0.12
"""Motor commands lead by this time constant, to make up for part of the rotor lag."""
MIN_COMMAND = 0.05
"""Motors of an armed, flying robot never stop."""


class StockController:
    """Cascaded PID; call once per millisecond."""

    def __init__(self, parameters: MultirotorParameters) -> None:
        self._p = parameters
        self._lag = 0.5 * (parameters.motor_rise_s + parameters.motor_fall_s)
        arm = abs(parameters.rotor_position_b[0][0])
        jx, jy, jz = parameters.inertia
        self._roll_gain, self._pitch_gain = jx / (4.0 * arm), jy / (4.0 * arm)
        self._yaw_gain = jz / (4.0 * parameters.torque_per_thrust)
        self.reset()

    def reset(self) -> None:
        """Forget integrals and held positions."""
        self._integral = [0.0, 0.0, 0.0]
        self._heading: float | None = None
        self._model_speed = [0.0] * 4

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
        wx, wy, wz = estimate.angular_velocity_b
        rate = setpoint.tilt == Mode.VELOCITY and not level_out
        p = setpoint.roll_rate if rate else _clip(ATTITUDE_P * (want_roll - roll), MAX_RATE)
        q = setpoint.pitch_rate if rate else _clip(ATTITUDE_P * (want_pitch - pitch), MAX_RATE)
        r = 0.0 if level_out else self._yaw_rate(dt_s, setpoint, yaw)
        force = self._force(setpoint, az, estimate)
        return self._mix(dt_s, force, RATE_P * (p - wx), RATE_P * (q - wy), YAW_RATE_P * (r - wz))

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
            self._heading = setpoint.heading
        elif self._heading is None:
            self._heading = yaw
        else:
            self._heading += setpoint.yaw_rate * dt_s
        error = (self._heading - yaw + math.pi) % (2.0 * math.pi) - math.pi
        return _clip(YAW_P * error, 2.0)

    def _force(self, setpoint: Setpoint, az: float, estimate: Estimate) -> float:
        if setpoint.z == Mode.DISABLED:
            return setpoint.thrust * self._p.max_thrust
        up = max(0.5, rotation_matrix(estimate.attitude)[8])
        return max(0.0, self._p.mass * (GRAVITY + az) / up)

    def _mix(self, dt_s: float, force: float, roll: float, pitch: float, yaw: float) -> Motors:
        commands = []
        for i, (x, y, _) in enumerate(self._p.rotor_position_b):
            thrust = (
                0.25 * force
                + math.copysign(self._roll_gain, y) * roll
                - math.copysign(self._pitch_gain, x) * pitch
                + self._p.yaw_sign[i] * self._yaw_gain * yaw
            )
            want = self._speed_for(thrust)
            # The rotor is modelled as its own command, low-passed; the lead inverts most of that lag.
            lead = want + LEAD_S / self._lag * (want - self._model_speed[i])
            command = min(max(lead, MIN_COMMAND), 1.0)
            self._model_speed[i] += (command - self._model_speed[i]) * dt_s / self._lag
            commands.append(command)
        return commands[0], commands[1], commands[2], commands[3]

    def _speed_for(self, thrust: float) -> float:
        c0, c1, c2 = self._p.thrust_curve
        return (-c1 + math.sqrt(max(0.0, c1 * c1 - 4.0 * c2 * (c0 - thrust)))) / (2.0 * c2)


def _clip(value: float, limit: float) -> float:
    return min(max(value, -limit), limit)
