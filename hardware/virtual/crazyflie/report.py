"""The on-board times that tests and fault figures ask for, taken from the event log."""

from __future__ import annotations

from typing import Any

from hardware.virtual.crazyflie.robot import VirtualCrazyflie

SAFE_ACTIONS = ("dead_man", "watchdog_level", "policy_fault", "emergency_stop")


def onboard_summary(robot: VirtualCrazyflie) -> dict[str, Any]:
    """Return on-board times in seconds, ``None`` for what did not happen.

    The safe action is the first of: the dead-man's descent, the stock watchdog's levelling, motors
    off because the policy returned NaN, an emergency stop. ``safe_action_after_fault_ms`` counts
    from the first injected fault, ``setpoint_age_at_safe_action_ms`` is how long the host was silent.
    """
    events = robot.events
    safe = [event for name in SAFE_ACTIONS if (event := events.first(name)) is not None]
    action = min(safe, key=lambda event: event["t_s"], default=None)
    fault = events.first("fault_injected")
    reaction = None
    if action is not None and fault is not None and action["t_s"] >= fault["t_s"]:
        reaction = round(1000.0 * (action["t_s"] - fault["t_s"]), 3)
    return {
        "profile": robot.options.profile,
        "seed": robot.options.seed,
        "last_setpoint_s": _seconds(events.marks.get("last_setpoint")),
        "last_packet_s": _seconds(events.marks.get("last_packet")),
        "fault_s": _time(fault),
        "dead_man_s": _time(events.first("dead_man")),
        "watchdog_level_s": _time(events.first("watchdog_level")),
        "motors_off_s": _time(events.last("motors_off")),
        "airborne_s": _time(events.first("airborne")),
        "touchdown_s": _time(events.last("touchdown")),
        "on_ground": robot.body.on_ground,
        "safe_action": None if action is None else action["event"],
        "safe_action_s": _time(action),
        "safe_action_after_fault_ms": reaction,
        "setpoint_age_at_safe_action_ms": None if action is None else action.get("setpoint_age_ms"),
    }


def _time(event: dict[str, Any] | None) -> float | None:
    return None if event is None else event["t_s"]


def _seconds(tick_ms: int | None) -> float | None:
    return None if tick_ms is None else tick_ms / 1000.0
