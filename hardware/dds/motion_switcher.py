"""Unitree's motion switcher: which built-in controller holds the robot, and making it let go.

The service answers JSON on ``rt/api/motion_switcher/request`` and ``.../response``; functions and error
codes are those of ``motion_switcher_client`` in unitree_sdk2.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable
from typing import Any

from cyclonedds.core import DDSException

from hardware.dds import topics
from hardware.dds.messages.api import Request, RequestHeader, RequestIdentity, RequestLease, RequestPolicy, Response
from hardware.lock_step import ANSWER_TIMEOUT_S
from sim.errors import LinkError

CHECK_MODE, SELECT_MODE, RELEASE_MODE = 1001, 1002, 1003
STEP = 9001
"""Not Unitree's: lets the time of a simulation in lock-step move by one period of the states."""
CALL_TIMEOUT_S = 2.0
"""Longest wait for one answer."""
REPEAT_S = 0.3
"""An answer to the very first request is lost if the robot has not found this reader yet: then it is asked again.
All these requests may be repeated."""
RELEASE_TIMEOUT_S = 10.0
RETRY_S = 1.0
"""A release that has not happened by then is asked for again (the SDK's examples wait as long)."""
_POLL_S, _STEP_POLL_S = 0.005, 0.0003


class MotionSwitcher:
    """Client of the service; every wait is bounded.

    Args:
        participant: in the robot's domain.
        stopped: asked during waits; true gives them up.
    """

    def __init__(self, participant: Any, stopped: Callable[[], bool] = lambda: False) -> None:
        self._writer = topics.writer(participant, topics.MOTION_REQUEST, Request)
        self._reader = topics.reader(participant, topics.MOTION_RESPONSE, Response, depth=16, reliable=True)
        self._stopped = stopped

    def active_mode(self) -> str:
        """Return the name of the built-in controller at work, ``""`` for none.

        Raises:
            LinkError: if the service does not answer in time, or not as it should.
        """
        code, data = self._call(CHECK_MODE)
        if code != 0:
            raise LinkError(f"the robot's motion switcher refused to say its mode (error {code}); try again")
        try:
            name = json.loads(data)["name"]
        except (ValueError, KeyError, TypeError, RecursionError):
            name = None
        if not isinstance(name, str):
            raise LinkError("the robot's motion switcher gave an answer that cannot be read")
        return name

    def release(self, pause: Callable[[float], None] = time.sleep) -> None:
        """Make the built-in controller let go of the motors: the robot goes limp.

        Raises:
            LinkError: if it has not let go within ten seconds.
        """
        deadline = time.monotonic() + RELEASE_TIMEOUT_S
        name = self.active_mode()
        while name and time.monotonic() < deadline and not self._stopped():
            self._call(RELEASE_MODE)
            name = self._wait_for_release(pause)
        if name:
            raise LinkError(f"the robot's own controller '{name}' does not let go; switch it off by the remote (L2+R2)")

    def step(self, commands: int) -> tuple[int, int] | None:
        """Let the time of a simulation in lock-step move.

        Args:
            commands: sent since the step before; it waits for them.

        Returns:
            Its time after that, ms, and the clock in the newest state it has sent (-1: none that arrives
            undamaged); ``None`` without an answer.
        """
        try:
            code, data = self._call(STEP, json.dumps({"commands": commands}), ANSWER_TIMEOUT_S, _STEP_POLL_S)
            answer = json.loads(data) if code == 0 else {}
            return int(answer["ms"]), int(answer["tick"])
        except (LinkError, ValueError, KeyError, TypeError, RecursionError):
            return None

    def _wait_for_release(self, pause: Callable[[float], None]) -> str:
        """Return ``""`` as soon as no controller is at work (the robot is limp), or its name after ``RETRY_S``."""
        deadline = time.monotonic() + RETRY_S
        while (name := self.active_mode()) and time.monotonic() < deadline and not self._stopped():
            pause(_POLL_S)
        return name

    def _call(
        self, function: int, parameter: str = "{}", timeout_s: float = CALL_TIMEOUT_S, poll_s: float = _POLL_S
    ) -> tuple[int, str]:
        """Return code and data of the answer."""
        identity = RequestIdentity(time.monotonic_ns(), function)
        nothing: Any = []
        header = RequestHeader(identity, RequestLease(0), RequestPolicy(0, False))
        request = Request(header, parameter, nothing)
        self._wait_for_service()
        deadline = time.monotonic() + timeout_s
        while (now := time.monotonic()) < deadline and not self._stopped():
            with contextlib.suppress(DDSException):  # a reader that is too slow: it is asked again
                self._writer.write(request)
            if (answer := self._wait_for_answer(identity, min(now + REPEAT_S, deadline), poll_s)) is not None:
                return answer.header.status.code, answer.data
        raise LinkError("the robot's motion switcher does not answer: is this a Unitree robot, and has it started up?")

    def _wait_for_answer(self, identity: RequestIdentity, deadline: float, poll_s: float) -> Response | None:
        """Return the answer to this request, ``None`` if it does not come until ``deadline``."""
        while time.monotonic() < deadline and not self._stopped():
            for sample in self._reader.take(16):
                if isinstance(sample, Response) and sample.header.identity == identity:
                    return sample
            time.sleep(poll_s)
        return None

    def _wait_for_service(self) -> None:
        """Wait until both ends of the service are found: a request sent before would be lost."""
        deadline = time.monotonic() + CALL_TIMEOUT_S
        while time.monotonic() < deadline and not self._stopped():
            if topics.num_readers(self._writer) and topics.num_writers(self._reader):
                return
            time.sleep(_POLL_S)
