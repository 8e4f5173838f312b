"""Checks before a robot moves: none of them moves anything, and one that fails keeps it so."""

from __future__ import annotations

import math
from dataclasses import dataclass

from hardware.states import RobotState
from sim.errors import FlightRefusedError
from sim.spec import SupervisorLimits

LEVEL_RAD = math.radians(15.0)
"""Steepest stand from which a start is tried."""


@dataclass(frozen=True)
class Check:
    """One check and its outcome."""

    name: str
    passed: bool
    detail: str
    """What was found, and what to do if it failed."""


def require(checks: list[Check]) -> None:
    """Refuse to start if a check failed.

    Raises:
        FlightRefusedError: with the first failed check.
    """
    for check in checks:
        if not check.passed:
            raise FlightRefusedError(f"{check.name}: {check.detail}; nothing moved")


def check_battery(state: RobotState | None, limits: SupervisorLimits) -> Check:
    """Whether the pack holds enough for a start."""
    voltage = math.nan if state is None else state.battery_v
    needed = limits.battery_takeoff_v
    if not needed <= voltage < math.inf:
        return Check("battery", False, f"{voltage:.2f} V, take-off needs {needed:.2f} V; charge it")
    return Check("battery", True, f"{voltage:.2f} V")


def check_state(state: RobotState | None) -> Check:
    """Whether the robot stands level, in good health and with a state estimate that is made of numbers."""
    if state is None or not state.finite:
        return Check("state", False, "the state estimate is not a number; restart the robot")
    if state.crashed:
        return Check("state", False, "the robot says it tumbled, crashed or is locked; restart it upright")
    if state.policy_fault:
        return Check("state", False, "the policy on board returned NaN; restart the robot")
    tilt = math.degrees(state.tilt_rad)
    if not state.tilt_rad <= LEVEL_RAD:
        return Check("state", False, f"tilted by {tilt:.0f} degrees; put it on level ground")
    return Check("state", True, f"level within {tilt:.0f} degrees")
