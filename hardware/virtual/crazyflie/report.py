"""The on-board times that tests and fault figures ask for, taken from the event log."""

from __future__ import annotations

from typing import Any

from hardware.virtual.crazyflie.robot import VirtualCrazyflie


def onboard_summary(robot: VirtualCrazyflie) -> dict[str, Any]:
    """Return on-board times in seconds, ``None`` for what did not happen.

    ``safe_after_fault_ms`` is the time from the last set-point before the first safe action to
    that action: the dead-man's descent, the stock watchdog's levelling, or motors off.
    """
    events = robot.events
    safe = [events.first(name) for name in ("dead_man", "watchdog_level", "fault_motors")]
    acted = min((event["t_s"] for event in safe if event), default=None)
    reaction = next((e["setpoint_age_ms"] for e in safe if e and e["t_s"] == acted and "setpoint_age_ms" in e), None)
    return {
        "profile": robot.options.profile,
        "seed": robot.options.seed,
        "last_setpoint_s": _seconds(events.marks.get("last_setpoint")),
        "last_packet_s": _seconds(events.marks.get("last_packet")),
        "fault_s": _time(events.first("fault")),
        "dead_man_s": _time(events.first("dead_man")),
        "watchdog_level_s": _time(events.first("watchdog_level")),
        "motors_off_s": _time(events.last("motors_off")),
        "airborne_s": _time(events.first("airborne")),
        "touchdown_s": _time(events.last("touchdown")),
        "on_ground": robot.body.on_ground,
        "safe_action_s": acted,
        "setpoint_age_at_safe_action_ms": reaction,
    }


def _time(event: dict[str, Any] | None) -> float | None:
    return None if event is None else event["t_s"]


def _seconds(tick_ms: int | None) -> float | None:
    return None if tick_ms is None else tick_ms / 1000.0
