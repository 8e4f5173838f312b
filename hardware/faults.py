"""What can go wrong in flight and what is done about it: one table, as data.

``SAFE_ACTIONS`` is the whole policy of a robot in trouble; ``detect`` says which faults one
look at the inputs shows. Both are pure: no clock, no I/O.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from hardware.link import StateSample
from sim.spec import SafeAction, SupervisorLimits


class Fault(Enum):
    """A reason to leave the mission; the value is the name in logs and results."""

    LINK_LOST = "link_lost"
    COMMANDS_LOST = "commands_lost"
    STATE_STALE = "state_stale"
    STATE_NAN = "state_nan"
    COMMAND_NAN = "command_nan"
    POLICY_NAN = "policy_nan"
    LOW_BATTERY = "low_battery"
    TILT = "tilt"
    RATE = "angular_rate"
    GEOFENCE = "geofence"
    SPEED = "speed"
    CRASHED = "crashed"
    DISARMED = "disarmed"
    OPERATOR_STOP = "operator_stop"
    KILL = "kill"


SAFE_ACTIONS: dict[Fault, SafeAction] = {
    Fault.LINK_LOST: "level_and_descend",  # what is sent may not arrive: the robot's dead-man does the same by itself
    Fault.COMMANDS_LOST: "land",  # the robot is heard, but set-points did not reach it for 0.2 s
    Fault.STATE_STALE: "land",  # blind, but the robot's own estimate still holds the position
    Fault.STATE_NAN: "level_and_descend",  # a position set-point means nothing without a position
    Fault.COMMAND_NAN: "land",
    Fault.POLICY_NAN: "off",  # nothing is left on board that could fly
    Fault.LOW_BATTERY: "land",
    Fault.TILT: "off",
    Fault.RATE: "off",
    Fault.GEOFENCE: "land",
    Fault.SPEED: "level_and_descend",
    Fault.CRASHED: "off",
    Fault.DISARMED: "off",
    Fault.OPERATOR_STOP: "land",
    Fault.KILL: "off",
}
"""The Crazyflie's safe action for each fault."""

SEVERITY: dict[SafeAction, int] = {"hold": 0, "land": 1, "level_and_descend": 2, "damp": 2, "off": 3}
"""A safe action is only ever replaced by a more severe one."""


@dataclass(frozen=True, slots=True)
class Observed:
    """What one look at the robot and the host shows, times in seconds."""

    state: StateSample | None
    state_age_s: float
    heard_age_s: float
    """Age of the last packet of any kind."""
    connected: bool
    command: Sequence[float]
    """What the mission asks for, before limits."""
    host_stall_s: float = 0.0
    """Time the host itself did not run just before, allowed for when silence is judged."""
    operator_stop: bool = False
    kill: bool = False


def detect(
    seen: Observed, limits: SupervisorLimits, home_w: Sequence[float], battery_v: float, armed: bool
) -> list[Fault]:
    """Return the faults ``seen`` shows, the most severe action first.

    Args:
        seen: inputs of this step.
        limits: from the bundle.
        home_w: (3,) take-off point, m.
        battery_v: loaded pack voltage as the robot reports it, NaN if unknown.
        armed: whether the supervisor saw the robot armed before.
    """
    faults = _link_faults(seen, limits)
    if seen.operator_stop:
        faults.append(Fault.OPERATOR_STOP)
    if seen.kill:
        faults.append(Fault.KILL)
    if not all(map(math.isfinite, seen.command)):
        faults.append(Fault.COMMAND_NAN)
    if battery_v < limits.battery_min_v:
        faults.append(Fault.LOW_BATTERY)
    if seen.state is not None:
        faults += _state_faults(seen.state, limits, home_w, armed)
    return sorted(faults, key=lambda fault: -SEVERITY[SAFE_ACTIONS[fault]])


def _link_faults(seen: Observed, limits: SupervisorLimits) -> list[Fault]:
    if not seen.connected or not seen.heard_age_s <= limits.link_silence_s + seen.host_stall_s:
        return [Fault.LINK_LOST]
    if seen.state is None or not seen.state_age_s <= limits.state_age_s + seen.host_stall_s:
        return [Fault.STATE_STALE]
    return []


def _state_faults(state: StateSample, limits: SupervisorLimits, home_w: Sequence[float], armed: bool) -> list[Fault]:
    faults = []
    if state.policy_fault:
        faults.append(Fault.POLICY_NAN)
    if state.crashed:
        faults.append(Fault.CRASHED)
    if state.dead_man:
        faults.append(Fault.COMMANDS_LOST)
    if armed and not state.armed:
        faults.append(Fault.DISARMED)
    if not state.finite:
        return [*faults, Fault.STATE_NAN]
    if state.tilt_rad > limits.tilt_rad:
        faults.append(Fault.TILT)
    if math.hypot(*state.angular_velocity_b) > limits.angular_rate_rad_s:
        faults.append(Fault.RATE)
    if math.hypot(*state.velocity_w) > limits.speed_m_s:
        faults.append(Fault.SPEED)
    dx, dy, dz = (p - h for p, h in zip(state.position_w, home_w))
    if math.hypot(dx, dy) > limits.geofence_radius_m or dz > limits.ceiling_m:
        faults.append(Fault.GEOFENCE)
    return faults
