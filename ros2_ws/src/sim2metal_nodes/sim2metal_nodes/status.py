"""crazyswarm2's ``status`` message: battery and the firmware supervisor's bits, to and from."""

from __future__ import annotations

import math
from dataclasses import dataclass

from crazyflie_interfaces.msg import Status

from sim2metal_nodes.conversions import to_stamp

IS_CRASHED = 128
"""Not in the message's constants, but in crazyflie-firmware's ``supervisor.c``, whose bits it carries."""
STUCK = Status.SUPERVISOR_INFO_IS_TUMBLED | Status.SUPERVISOR_INFO_IS_LOCKED | IS_CRASHED


@dataclass(frozen=True)
class RobotStatus:
    """What a flying robot says about itself besides its state estimate."""

    armed: bool = False
    crashed: bool = False
    flying: bool = False
    battery_v: float = math.nan


def read_status(message: Status) -> RobotStatus:
    """Return the content of a message."""
    bits = message.supervisor_info
    return RobotStatus(
        armed=bool(bits & Status.SUPERVISOR_INFO_IS_ARMED),
        crashed=bool(bits & STUCK),
        flying=bool(bits & Status.SUPERVISOR_INFO_IS_FLYING),
        battery_v=message.battery_voltage,
    )


def status_message(frame: str, time_ns: int, bits: int, battery_v: float) -> Status:
    """Return a message.

    Args:
        frame: name of the robot's body.
        time_ns: stamp.
        bits: of the firmware's supervisor.
        battery_v: loaded pack voltage.
    """
    message = Status(supervisor_info=bits & 0xFFFF, battery_voltage=float(battery_v))
    message.pm_state = Status.PM_STATE_BATTERY
    message.header.frame_id = frame
    message.header.stamp = to_stamp(time_ns)
    return message


def bits_of(*, armed: bool, crashed: bool, flying: bool) -> int:
    """Return the supervisor's bits for a robot that does not report them itself."""
    bits = Status.SUPERVISOR_INFO_IS_ARMED if armed else 0
    bits |= IS_CRASHED if crashed else Status.SUPERVISOR_INFO_CAN_BE_ARMED * (not armed)
    if armed and not crashed:
        bits |= Status.SUPERVISOR_INFO_CAN_FLY
    return bits | (Status.SUPERVISOR_INFO_IS_FLYING if flying else 0)
