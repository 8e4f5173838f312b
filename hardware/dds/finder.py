"""Which robot is out there: the first one whose states appear, of either message family."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from hardware.dds import topics
from hardware.dds.frames import Frame, GoLowState, HgLowState
from hardware.dds.profiles import G1, GO2, DdsProfile
from sim.errors import FlightAbortedError, LinkError

FIND_TIMEOUT_S = 5.0
"""Discovery takes well under a second; a robot that is starting up takes longer than anybody waits here."""
_POLL_S = 0.005
_KINDS: tuple[tuple[type[Frame], DdsProfile], ...] = ((HgLowState, G1), (GoLowState, GO2))


def find_robot(participant: Any, uri: str, stopped: Callable[[], bool]) -> DdsProfile:
    """Wait until somebody publishes states and return the profile of a robot that speaks so.

    Args:
        participant: in the robot's domain.
        uri: for messages.
        stopped: asked while waiting; true gives up.

    Raises:
        LinkError: if nobody does within ``FIND_TIMEOUT_S``.
        FlightAbortedError: if the operator stopped it.
    """
    readers = [(topics.reader(participant, topics.LOW_STATE, frame), profile) for frame, profile in _KINDS]
    deadline = time.monotonic() + FIND_TIMEOUT_S
    while time.monotonic() < deadline:
        if stopped():
            raise FlightAbortedError("stopped by the operator while looking for the robot; nothing moved")
        for reader, profile in readers:
            if topics.num_writers(reader):
                return profile
        time.sleep(_POLL_S)
    raise LinkError(
        f"{uri}: no robot publishes rt/lowstate within {FIND_TIMEOUT_S:g} s; is it on, is the cable in, is the"
        " interface the right one, and the domain? (Unitree's robots: 192.168.123.x, domain 0)"
    )
