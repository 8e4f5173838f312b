"""The on-board times of a robot with joints that tests and fault figures ask for, taken from the event log."""

from __future__ import annotations

import math
from typing import Any

from hardware.virtual.joints.reaction import first_fault, first_reaction, time_of
from hardware.virtual.serial.joint_robot import VirtualSerialJointRobot

SAFE_ACTIONS = ("failsafe", "safe_action", "motors_off", "emergency_stop")
"""Events in which the robot took care of itself, or was told to."""


def onboard_summary(robot: VirtualSerialJointRobot) -> dict[str, Any]:
    """Return on-board times in seconds, ``None`` for what did not happen.

    The safe action is the first one after the first injected fault, or the first at all without a fault.
    """
    events = robot.events
    fault, reaction = first_fault(events), first_reaction(events, SAFE_ACTIONS)
    last_command = events.marks.get("last_command")
    return {
        "robot": robot.options.name,
        "seed": robot.options.seed,
        "armed_s": time_of(events.first("armed")),
        "last_command_s": None if last_command is None else last_command / 1000.0,
        "fault_s": time_of(fault),
        "failsafe_s": time_of(events.first("failsafe")),
        "motors_off_s": time_of(events.last("motors_off")),
        "fell_s": time_of(events.first("fell")),
        "armed": robot.firmware.armed,
        "mode": robot.firmware.mode.name.lower(),
        "base_height_m": round(robot.body.height_m, 4),
        "tilt_deg": round(math.degrees(robot.body.tilt_rad), 2),
        "battery_v": round(robot.power.voltage, 2),
        **reaction,
    }
