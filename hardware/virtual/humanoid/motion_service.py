"""The robot's own controller and the switcher that makes it let go, as ``rt/api/motion_switcher`` serves it."""

from __future__ import annotations

import json

from hardware.virtual.events import EventLog

CHECK_MODE, SELECT_MODE, RELEASE_MODE = 1001, 1002, 1003
OK, NOT_IMPLEMENTED, BAD_PARAMETER, BUSY, BAD_NAME = 0, 3203, 7001, 7002, 7004
"""unitree_sdk2: ``rpc/internal`` and ``motion_switcher_error.hpp``."""
BUILT_IN = "ai"
"""Name of the G1's locomotion service."""
RELEASE_MS = 100
"""From the request to the letting go; a chosen value: the real service stops a process."""
_LONGEST = 4096


class MotionService:
    """Holds the robot until it is released.

    Attributes:
        name: controller at work, ``""`` for none.
        commanded: set by the robot: somebody commands the motors, so that nothing else may take them.
    """

    def __init__(self, events: EventLog, active: bool = True) -> None:
        self._events = events
        self.name = BUILT_IN if active else ""
        self.commanded = False
        self._release_at_ms: int | None = None

    def update(self) -> None:
        """Let go when it is time to."""
        if self._release_at_ms is not None and self._events.tick_ms >= self._release_at_ms:
            self._release_at_ms, self.name = None, ""
            self._events.add("released")

    def answer(self, function: int, parameter: str) -> tuple[int, str]:
        """Serve one request; returns error code and JSON data."""
        if function == CHECK_MODE:
            return OK, json.dumps({"form": "0", "name": self.name})
        if function == RELEASE_MODE:
            if self.name and self._release_at_ms is None:
                self._release_at_ms = self._events.tick_ms + RELEASE_MS
            return OK, ""
        if function == SELECT_MODE:
            return self._select(parameter), ""
        self._events.count("unknown_request")
        return NOT_IMPLEMENTED, ""

    def _select(self, parameter: str) -> int:
        if self.commanded:
            return BUSY
        try:
            wish = json.loads(parameter[:_LONGEST])["name"]
        except (ValueError, KeyError, TypeError, RecursionError):
            return BAD_PARAMETER
        if wish != BUILT_IN:
            return BAD_NAME
        self.name = BUILT_IN
        self._events.add("built_in_controller")
        return OK
