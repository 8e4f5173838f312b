"""The log variables of the virtual Crazyflie: names, types and units as in the firmware."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from hardware.virtual.crazyflie.services.log import LogVariable
from hardware.virtual.crazyflie.values import FLOAT, I8, U8, U16, U32
from hardware.virtual.multirotor.quaternion import roll_pitch_yaw

if TYPE_CHECKING:
    from hardware.virtual.crazyflie.robot import VirtualCrazyflie

_XYZ = ("x", "y", "z")


def log_variables(robot: VirtualCrazyflie) -> list[LogVariable]:
    """Return every loggable variable of ``robot``."""
    return [*_state(robot), *_sensors(robot), *_power(robot), *_flight(robot), *_policy(robot)]


def _state(robot: VirtualCrazyflie) -> list[LogVariable]:
    estimator = robot.estimator

    def angle(index: int, sign: float = 1.0) -> Callable[[], float]:
        return lambda: sign * math.degrees(roll_pitch_yaw(estimator.estimate.attitude)[index])

    variables = []
    for i, axis in enumerate(_XYZ):
        variables += [
            LogVariable(f"stateEstimate.{axis}", FLOAT, lambda i=i: estimator.estimate.position_w[i]),
            LogVariable(f"stateEstimate.v{axis}", FLOAT, lambda i=i: estimator.estimate.velocity_w[i]),
            LogVariable(f"kalman.state{axis.upper()}", FLOAT, lambda i=i: estimator.estimate.position_w[i]),
            LogVariable(f"kalman.varP{axis.upper()}", FLOAT, lambda i=i: estimator.variance[i]),
        ]
    for i, axis in enumerate(("w", *_XYZ)):
        variables.append(LogVariable(f"stateEstimate.q{axis}", FLOAT, lambda i=i: estimator.estimate.attitude[i]))
    for group in ("stateEstimate", "stabilizer"):
        variables += [
            LogVariable(f"{group}.roll", FLOAT, angle(0)),
            # The firmware's legacy frame: nose up is positive.
            LogVariable(f"{group}.pitch", FLOAT, angle(1, -1.0)),
            LogVariable(f"{group}.yaw", FLOAT, angle(2)),
        ]
    return variables


def _sensors(robot: VirtualCrazyflie) -> list[LogVariable]:
    estimator, body = robot.estimator, robot.body
    variables = []
    for i, axis in enumerate(_XYZ):
        variables += [
            LogVariable(f"gyro.{axis}", FLOAT, lambda i=i: math.degrees(estimator.estimate.angular_velocity_b[i])),
            LogVariable(f"acc.{axis}", FLOAT, lambda i=i: body.specific_force_g[i]),
        ]
    return variables


def _power(robot: VirtualCrazyflie) -> list[LogVariable]:
    battery = robot.battery
    return [
        LogVariable("pm.vbat", FLOAT, lambda: battery.voltage),
        LogVariable("pm.vbatMV", U16, lambda: 1000.0 * battery.voltage),
        LogVariable("pm.batteryLevel", U8, lambda: 100.0 * max(0.0, battery.charge)),
        LogVariable("pm.state", I8, lambda: battery.state),
        *(LogVariable(f"motor.m{i + 1}", U16, lambda i=i: 65535.0 * robot.motors[i]) for i in range(4)),
    ]


def _flight(robot: VirtualCrazyflie) -> list[LogVariable]:
    supervisor = robot.supervisor
    return [
        LogVariable("supervisor.info", U16, supervisor.bitfield),
        LogVariable("sys.canfly", U8, lambda: supervisor.can_fly),
        LogVariable("sys.isFlying", U8, lambda: supervisor.flying),
        LogVariable("sys.isTumbled", U8, lambda: supervisor.tumbled),
        LogVariable("sys.armed", U8, lambda: supervisor.armed),
        *(
            LogVariable(f"ctrltarget.{axis}", FLOAT, lambda i=i: robot.setpoint.position_w[i])
            for i, axis in enumerate(_XYZ)
        ),
        LogVariable("radio.numRxBc", U16, lambda: 0),
        LogVariable("radio.rssi", U8, lambda: 45),
    ]


def _policy(robot: VirtualCrazyflie) -> list[LogVariable]:
    policy = robot.policy
    if policy is None:
        return []
    return [
        LogVariable("s2m.mode", U8, lambda: policy.mode),
        LogVariable("s2m.steps", U32, lambda: policy.onboard.policy_steps),
        LogVariable("s2m.age", U32, lambda: robot.setpoint_age_ms),
    ]
