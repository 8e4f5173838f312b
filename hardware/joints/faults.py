"""The safe actions of a robot with joints, as one table, and the faults that only such robots have."""

from __future__ import annotations

import math

from hardware.faults import Fault, Observed, common_faults
from hardware.states import JointState
from sim.spec import JointLimits, SafeAction

SAFE_ACTIONS: dict[Fault, SafeAction] = {
    Fault.LINK_LOST: "damp",  # what is sent may not arrive: the robot's own watchdog damps, too
    Fault.COMMANDS_LOST: "damp",
    Fault.STATE_STALE: "damp",  # nobody balances blind
    Fault.STATE_NAN: "damp",
    Fault.COMMAND_NAN: "hold",  # the velocity wished for is no number: the policy stands with none
    Fault.POLICY_NAN: "damp",
    Fault.HOST_STALLED: "damp",
    Fault.LOW_BATTERY: "damp",
    Fault.TILT: "damp",  # it falls: soft joints do the least harm
    Fault.RATE: "damp",
    Fault.JOINT_RANGE: "damp",
    Fault.JOINT_SPEED: "damp",
    Fault.JOINT_TORQUE: "damp",
    Fault.TEMPERATURE: "damp",
    Fault.CRASHED: "damp",
    Fault.DISARMED: "off",  # the robot took its joints back
    Fault.OPERATOR_STOP: "damp",
    Fault.KILL: "off",
}
"""Safe action for each fault."""

RANGE_MARGIN_RAD = 0.05
"""How far beyond its range a joint may be seen: compliance of the end stop and calibration of the zero."""
TORQUE_MARGIN = 1.2
"""How much more torque than its limit a motor may report: the estimate comes from the current and is noisy."""


def joint_faults(seen: Observed, limits: JointLimits, armed: bool) -> list[Fault]:
    """Return the faults one look at a robot with joints shows.

    Args:
        seen: inputs of this step; its state is a ``JointState``.
        limits: from the bundle.
        armed: whether the supervisor saw the robot armed before.
    """
    faults = common_faults(seen, limits, armed)
    state = seen.state
    if not isinstance(state, JointState) or not state.finite:
        return faults
    low, high = limits.position_low_rad, limits.position_high_rad
    if any(not a - RANGE_MARGIN_RAD <= q <= b + RANGE_MARGIN_RAD for q, a, b in zip(state.position, low, high)):
        faults.append(Fault.JOINT_RANGE)
    if any(not abs(v) <= most for v, most in zip(state.velocity, limits.velocity_rad_s)):
        faults.append(Fault.JOINT_SPEED)
    if any(not abs(t) <= TORQUE_MARGIN * most for t, most in zip(state.torque, limits.torque_n_m)):
        faults.append(Fault.JOINT_TORQUE)
    if any(not -math.inf < c <= limits.temperature_c for c in state.temperature_c):
        faults.append(Fault.TEMPERATURE)
    return faults
