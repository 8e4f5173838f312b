"""Set-points of every level as packets of cflib 0.1.34, in the units and signs of cflib and the firmware."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence

from cflib.crazyflie.commander import Commander

from sim.spec import ActionLevel

FULL_THRUST = 65535
"""Thrust of a set-point packet that stands for all four motors at full command."""
MOST_THRUST = 60000
"""What the firmware cuts it to (``MAX_THRUST`` in crazyflie-firmware's ``crtp_commander_rpyt.c``)."""
LEAST_MANUAL_THRUST = 10001
"""What cflib's ``send_setpoint_manual`` makes of 0 %; of 100 % it makes ``MOST_THRUST``."""


def sending(commander: Commander, level: ActionLevel, command: Sequence[float]) -> Callable[[], None]:
    """Return the call that sends a command of a level, SI units and right-handed axes (x ahead, y left, z up)."""
    first, second, third, fourth = command
    if level == "position":
        return functools.partial(commander.send_position_setpoint, first, second, third, math.degrees(fourth))
    if level == "velocity":
        return functools.partial(commander.send_velocity_world_setpoint, first, second, third, math.degrees(fourth))
    if level == "rates_thrust":
        return functools.partial(commander.send_setpoint_manual, *manual_setpoint(first, second, third, fourth), True)
    return functools.partial(commander.send_setpoint, *legacy_setpoint(first, second, third, fourth))


def legacy_setpoint(roll: float, pitch: float, yaw_rate: float, thrust: float) -> tuple[float, float, float, int]:
    """Return the arguments of cflib's ``send_setpoint`` for an attitude and thrust: the oldest packet there is.

    Signs: cflib inverts the pitch in the packet and the firmware's own pitch is inverted, so that
    both cancel; cflib leaves the yaw rate of this packet as it is and the firmware inverts it
    (``crtp_commander_rpyt.c`` of 2026; copies from before 2018 did not).

    Args:
        roll: about body x (forward), rad.
        pitch: about body y (left), rad: positive tips the nose down and flies forward.
        yaw_rate: about body z (up), rad/s.
        thrust: fraction of the largest collective thrust, 0 to 1.

    Returns:
        roll (deg), pitch (deg), yaw rate (deg/s), thrust (0 to 60000).
    """
    raw = min(round(FULL_THRUST * thrust), MOST_THRUST)
    return math.degrees(roll), math.degrees(pitch), -math.degrees(yaw_rate), raw


def manual_setpoint(p: float, q: float, r: float, thrust: float) -> tuple[float, float, float, float]:
    """Return the first arguments of cflib's ``send_setpoint_manual`` (generic packet 11) for body rates and thrust.

    The packet says by itself that it carries rates, so that no parameter (``flightmode.stabModeRoll``) has to be set
    and set back. Signs: the pitch rate is inverted by cflib and again by the firmware; the yaw rate by neither
    (``manualDecoder`` in ``crtp_commander_generic.c``).

    Args:
        p: about body x, rad/s.
        q: about body y, rad/s.
        r: about body z, rad/s.
        thrust: fraction of the largest collective thrust; the packet reaches from 0.153 to 0.916.

    Returns:
        Rates about x, y, z (deg/s) and thrust (0 to 100 %).
    """
    share = (FULL_THRUST * thrust - LEAST_MANUAL_THRUST) / (MOST_THRUST - LEAST_MANUAL_THRUST)
    return math.degrees(p), math.degrees(q), math.degrees(r), 100.0 * min(max(share, 0.0), 1.0)
