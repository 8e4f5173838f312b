"""The on-board times that tests and fault figures ask for, taken from the event log."""

from __future__ import annotations

import math
from typing import Any

from hardware.virtual.humanoid.robot import VirtualHumanoid
from hardware.virtual.joints.reaction import first_fault, first_reaction, time_of

SAFE_ACTIONS = ("commanded_damp", "motors_off", "watchdog_damp")


def onboard_summary(robot: VirtualHumanoid) -> dict[str, Any]:
    """Return on-board times in seconds, ``None`` for what did not happen.

    The safe action is the first of: damping by command, motors off by command, damping by the robot
    itself because no command came. ``safe_action_after_fault_ms`` counts from the first injected fault.
    """
    events = robot.events
    fault, reaction = first_fault(events), first_reaction(events, SAFE_ACTIONS)
    last = events.marks.get("last_command")
    return {
        "robot": robot.options.robot,
        "seed": robot.options.seed,
        "released_s": time_of(events.first("released")),
        "armed_s": time_of(events.first("armed")),
        "last_command_s": None if last is None else last / 1000.0,
        "fault_s": time_of(fault),
        **reaction,
        "fell_s": time_of(events.first("fell")),
        "pelvis_height_m": round(robot.body.height_m, 4),
        "tilt_deg": round(math.degrees(robot.body.tilt_rad), 2),
        "battery_v": round(robot.power.voltage, 2),
    }
