"""Attitude and thrust as the oldest set-point packet carries them, in the units and signs of cflib and the firmware."""

from __future__ import annotations

import math

FULL_THRUST = 65535
"""Thrust of a set-point packet that stands for all four motors at full command."""
MOST_THRUST = 60000
"""What the firmware cuts it to (``MAX_THRUST`` in crazyflie-firmware's ``crtp_commander_rpyt.c``)."""


def legacy_setpoint(roll: float, pitch: float, yaw_rate: float, thrust: float) -> tuple[float, float, float, int]:
    """Return the arguments of cflib's ``send_setpoint`` for an attitude and thrust.

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
