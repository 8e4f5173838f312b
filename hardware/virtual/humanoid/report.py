"""The on-board times that tests and fault figures ask for, taken from the event log."""

from __future__ import annotations

import math
from typing import Any

from hardware.virtual.humanoid.robot import VirtualHumanoid

SAFE_ACTIONS = ("commanded_damp", "motors_off", "watchdog_damp")


def onboard_summary(robot: VirtualHumanoid) -> dict[str, Any]:
    """Return on-board times in seconds, ``None`` for what did not happen.

    The safe action is the first of: damping by command, motors off by command, damping by the robot
    itself because no command came. ``safe_action_after_fault_ms`` counts from the first injected fault.
    """
    events = robot.events
    fault = events.first("fault_injected")
    since = -math.inf if fault is None else fault["t_s"]
    safe = [event for event in events.events if event["event"] in SAFE_ACTIONS and event["t_s"] >= since]
    action = min(safe, key=lambda event: event["t_s"], default=None)
    reaction = None if action is None or fault is None else round(1000.0 * (action["t_s"] - fault["t_s"]), 3)
    last = events.marks.get("last_command")
    return {
        "robot": robot.options.robot,
        "seed": robot.options.seed,
        "released_s": _time(events.first("released")),
        "armed_s": _time(events.first("armed")),
        "last_command_s": None if last is None else last / 1000.0,
        "fault_s": _time(fault),
        "safe_action": None if action is None else action["event"],
        "safe_action_s": _time(action),
        "safe_action_after_fault_ms": reaction,
        "fell_s": _time(events.first("fell")),
        "pelvis_height_m": round(robot.body.height_m, 4),
        "tilt_deg": round(math.degrees(robot.body.tilt_rad), 2),
        "battery_v": round(robot.power.voltage, 2),
    }


def _time(event: dict[str, Any] | None) -> float | None:
    return None if event is None else event["t_s"]
