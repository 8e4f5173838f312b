"""What can go wrong with a robot, and what one look at it shows: pure, without clock and without I/O.

Which safe action each fault has is a table per kind of robot (``hardware/flying/faults.py``);
here are the faults themselves and those that every robot can have.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from hardware.states import RobotState
from sim.spec import SafeAction, SupervisorLimits


class Fault(Enum):
    """A reason to leave the mission; the value is the name in logs and results."""

    LINK_LOST = "link_lost"
    COMMANDS_LOST = "commands_lost"
    STATE_STALE = "state_stale"
    STATE_NAN = "state_nan"
    COMMAND_NAN = "command_nan"
    POLICY_NAN = "policy_nan"
    EXTERNAL_POSE_LOST = "external_pose_lost"
    HOST_STALLED = "host_stalled"
    LOW_BATTERY = "low_battery"
    TILT = "tilt"
    RATE = "angular_rate"
    GEOFENCE = "geofence"
    SPEED = "speed"
    JOINT_RANGE = "joint_range"
    JOINT_SPEED = "joint_speed"
    JOINT_TORQUE = "joint_torque"
    TEMPERATURE = "temperature"
    CRASHED = "crashed"
    DISARMED = "disarmed"
    OPERATOR_STOP = "operator_stop"
    KILL = "kill"


SEVERITY: dict[SafeAction, int] = {"hold": 0, "land": 1, "level_and_descend": 2, "damp": 2, "off": 3}
"""A safe action is only ever replaced by a more severe one."""


@dataclass(frozen=True, slots=True)
class Observed:
    """What one look at the robot and the host shows, times in seconds."""

    state: RobotState | None
    state_age_s: float
    heard_age_s: float
    """Age of the last packet of any kind."""
    connected: bool
    command: Sequence[float]
    """What the mission asks for, before limits."""
    external_age_s: float = 0.0
    """Age of the newest pose from outside (motion capture); 0 for a robot that needs none."""
    host_stall_s: float = 0.0
    """Time the host itself did not run just before, allowed for when silence is judged."""
    operator_stop: bool = False
    kill: bool = False
    policy_failed: bool = False
    """The policy on the host returned no number in the step before."""


def common_faults(seen: Observed, limits: SupervisorLimits, armed: bool) -> list[Fault]:
    """Return the faults that any robot can show.

    Args:
        seen: inputs of this step.
        limits: from the bundle.
        armed: whether the supervisor saw the robot armed before.
    """
    faults = _link_faults(seen, limits)
    if seen.operator_stop or (seen.state is not None and seen.state.operator_stop):
        faults.append(Fault.OPERATOR_STOP)
    if seen.kill:
        faults.append(Fault.KILL)
    if seen.policy_failed:
        faults.append(Fault.POLICY_NAN)
    if not all(map(math.isfinite, seen.command)):
        faults.append(Fault.COMMAND_NAN)
    if seen.state is not None:
        faults += _robot_faults(seen.state, limits, armed)
    return faults


def _link_faults(seen: Observed, limits: SupervisorLimits) -> list[Fault]:
    faults = []
    if not seen.connected or not seen.heard_age_s <= limits.link_silence_s + seen.host_stall_s:
        faults.append(Fault.LINK_LOST)
    elif seen.state is None or not seen.state_age_s <= limits.state_age_s + seen.host_stall_s:
        faults.append(Fault.STATE_STALE)
    if not seen.host_stall_s <= limits.fault_budget_s:
        faults.append(Fault.HOST_STALLED)
    return faults


def _robot_faults(state: RobotState, limits: SupervisorLimits, armed: bool) -> list[Fault]:
    faults = []
    if state.policy_fault:
        faults.append(Fault.POLICY_NAN)
    if state.crashed:
        faults.append(Fault.CRASHED)
    if state.dead_man:
        faults.append(Fault.COMMANDS_LOST)
    if armed and not state.armed:
        faults.append(Fault.DISARMED)
    # Every comparison is written so that what is no number is a fault, in what is measured and in the limit alike.
    if not limits.battery_min_v <= state.battery_v < math.inf:
        faults.append(Fault.LOW_BATTERY)
    if not state.finite:
        return [*faults, Fault.STATE_NAN]
    if not state.tilt_rad <= limits.tilt_rad:
        faults.append(Fault.TILT)
    if not math.hypot(*state.angular_velocity_b) <= limits.angular_rate_rad_s:
        faults.append(Fault.RATE)
    return faults
