"""The on-board times of a robot with joints that tests and fault figures ask for, taken from the event log."""

from __future__ import annotations

import math
from typing import Any

from hardware.virtual.serial.joint_robot import VirtualSerialJointRobot

SAFE_ACTIONS = ("failsafe", "safe_action", "motors_off", "emergency_stop")
"""Events in which the robot took care of itself, or was told to."""


def onboard_summary(robot: VirtualSerialJointRobot) -> dict[str, Any]:
    """Return on-board times in seconds, ``None`` for what did not happen.

    The safe action is the first one after the first injected fault, or the first at all without a fault.
    """
    events = robot.events
    injected = (event for event in events.events if event["event"] == "fault_injected" and event["fault"] != "lower")
    fault = next(injected, None)
    since = -math.inf if fault is None else fault["t_s"]
    safe = [event for event in events.events if event["event"] in SAFE_ACTIONS and event["t_s"] >= since]
    action = min(safe, key=lambda event: event["t_s"], default=None)
    reaction = None if action is None or fault is None else round(1000.0 * (action["t_s"] - fault["t_s"]), 3)
    last_command = events.marks.get("last_command")
    return {
        "robot": robot.options.name,
        "seed": robot.options.seed,
        "armed_s": _time(events.first("armed")),
        "last_command_s": None if last_command is None else last_command / 1000.0,
        "fault_s": _time(fault),
        "failsafe_s": _time(events.first("failsafe")),
        "motors_off_s": _time(events.last("motors_off")),
        "fell_s": _time(events.first("fell")),
        "armed": robot.firmware.armed,
        "mode": robot.firmware.mode.name.lower(),
        "base_height_m": round(robot.body.height_m, 4),
        "tilt_deg": round(math.degrees(robot.body.tilt_rad), 2),
        "battery_v": round(robot.power.voltage, 2),
        "safe_action": None if action is None else action["event"],
        "safe_action_s": _time(action),
        "safe_action_after_fault_ms": reaction,
    }


def _time(event: dict[str, Any] | None) -> float | None:
    return None if event is None else event["t_s"]
