"""A flying robot's safe actions, as one table, and the faults that only flying robots have."""

from __future__ import annotations

import math
from collections.abc import Sequence

from hardware.faults import Fault, Observed, common_faults
from hardware.states import FlightState
from sim.spec import FlightLimits, SafeAction

SAFE_ACTIONS: dict[Fault, SafeAction] = {
    Fault.LINK_LOST: "level_and_descend",  # what is sent may not arrive: the robot's dead-man does the same by itself
    Fault.COMMANDS_LOST: "land",  # the robot is heard, but set-points did not reach it for 0.2 s
    Fault.STATE_STALE: "land",  # blind, but the robot's own estimate still holds the position
    Fault.STATE_NAN: "level_and_descend",  # a position set-point means nothing without a position
    Fault.EXTERNAL_POSE_LOST: "level_and_descend",  # its position drifts away within seconds
    Fault.COMMAND_NAN: "land",
    Fault.POLICY_NAN: "off",  # nothing is left on board that could fly
    Fault.HOST_STALLED: "land",  # the robot flew on its dead-man meanwhile; do not trust this computer further
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
"""Safe action for each fault when the policy runs on board."""

HOST_SAFE_ACTIONS: dict[Fault, SafeAction] = {
    **SAFE_ACTIONS,
    # The policy on the host needs the state it cannot see or trust; the robot's own controller does not.
    Fault.COMMANDS_LOST: "level_and_descend",
    Fault.STATE_STALE: "level_and_descend",
    Fault.POLICY_NAN: "level_and_descend",
    Fault.HOST_STALLED: "level_and_descend",
}
"""The same when the policy runs on the host: a controller on board that levels and descends is still there."""


def flight_faults(seen: Observed, limits: FlightLimits, home_w: Sequence[float], armed: bool) -> list[Fault]:
    """Return the faults one look at a flying robot shows.

    Args:
        seen: inputs of this step; its state is a ``FlightState``.
        limits: from the bundle.
        home_w: (3,) take-off point, m.
        armed: whether the supervisor saw the robot armed before.
    """
    faults = common_faults(seen, limits, armed)
    if not seen.external_age_s <= limits.state_age_s + seen.host_stall_s:
        faults.append(Fault.EXTERNAL_POSE_LOST)
    state = seen.state
    if not isinstance(state, FlightState) or not state.finite:
        return faults
    if not math.hypot(*state.velocity_w) <= limits.speed_m_s:
        faults.append(Fault.SPEED)
    dx, dy, dz = (p - h for p, h in zip(state.position_w, home_w))
    if not (math.hypot(dx, dy) <= limits.geofence_radius_m and dz <= limits.ceiling_m):
        faults.append(Fault.GEOFENCE)
    return faults
