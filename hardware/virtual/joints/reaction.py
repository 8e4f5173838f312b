"""What a robot with joints did about the first fault, from its event log."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from hardware.virtual.events import EventLog
from hardware.virtual.faults import OPERATED


def first_fault(events: EventLog) -> dict[str, Any] | None:
    """Return the first injected fault; that the crane lets the robot down is none."""
    injected = (event for event in events.events if event["event"] == "fault_injected")
    return next((event for event in injected if event["fault"] not in OPERATED), None)


def first_reaction(events: EventLog, safe_actions: Sequence[str]) -> dict[str, Any]:
    """Return the first safe action after the first fault, or the first at all without a fault.

    Args:
        events: of one robot.
        safe_actions: names of the events that count.

    Returns:
        ``safe_action``, ``safe_action_s`` and ``safe_action_after_fault_ms``, ``None`` for what did not happen.
    """
    fault = first_fault(events)
    since = -math.inf if fault is None else fault["t_s"]
    safe = [event for event in events.events if event["event"] in safe_actions and event["t_s"] >= since]
    action = min(safe, key=lambda event: event["t_s"], default=None)
    after_ms = None if action is None or fault is None else round(1000.0 * (action["t_s"] - fault["t_s"]), 3)
    return {
        "safe_action": None if action is None else action["event"],
        "safe_action_s": time_of(action),
        "safe_action_after_fault_ms": after_ms,
    }


def time_of(event: dict[str, Any] | None) -> float | None:
    """Return when an event was, s on board; ``None`` for one that was not."""
    return None if event is None else event["t_s"]
