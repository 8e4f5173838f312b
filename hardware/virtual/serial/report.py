"""The on-board times that tests and fault figures ask for, taken from the event log."""

from __future__ import annotations

from typing import Any

from hardware.virtual.serial.robot import VirtualSerialRobot

SAFE_ACTIONS = ("failsafe", "safe_action", "fault", "emergency_stop", "tumbled")
"""Events in which the robot took care of itself, or was told to."""


def onboard_summary(robot: VirtualSerialRobot) -> dict[str, Any]:
    """Return on-board times in seconds, ``None`` for what did not happen.

    ``safe_action_after_fault_ms`` counts from the first injected fault.
    """
    events = robot.events
    safe = [event for name in SAFE_ACTIONS if (event := events.first(name)) is not None]
    action = min(safe, key=lambda event: event["t_s"], default=None)
    fault = events.first("fault_injected")
    reaction = None
    if action is not None and fault is not None and action["t_s"] >= fault["t_s"]:
        reaction = round(1000.0 * (action["t_s"] - fault["t_s"]), 3)
    last_command = events.marks.get("last_command")
    return {
        "seed": robot.options.seed,
        "last_command_s": None if last_command is None else last_command / 1000.0,
        "fault_s": _time(fault),
        "failsafe_s": _time(events.first("failsafe")),
        "motors_off_s": _time(events.last("motors_off")),
        "airborne_s": _time(events.first("airborne")),
        "touchdown_s": _time(events.last("touchdown")),
        "on_ground": robot.body.on_ground,
        "armed": robot.supervisor.armed,
        "mode": robot.autopilot.mode.name.lower(),
        "safe_action": None if action is None else action["event"],
        "safe_action_s": _time(action),
        "safe_action_after_fault_ms": reaction,
    }


def _time(event: dict[str, Any] | None) -> float | None:
    return None if event is None else event["t_s"]
