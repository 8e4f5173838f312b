"""The virtual humanoid on DDS: commands and requests in, states and answers out, in real time or lock-step.

In lock-step every command or request moves the time by one period of the states, after which the
new state is published; while nobody speaks, the last state is repeated so that a client can find it.
A client that asks for steps (``hardware/dds/stepping.py``) moves the time by these alone.
"""

from __future__ import annotations

import json
import os
from typing import Any

from cyclonedds.core import Listener

from hardware.dds import topics
from hardware.dds.domain import join, leave, parse_uri
from hardware.dds.frames import HgLowCmd, HgLowState
from hardware.dds.messages.api import Request, Response, ResponseHeader, ResponseStatus
from hardware.dds.motion_switcher import STEP
from hardware.virtual.humanoid.client_steps import ClientSteps
from hardware.virtual.humanoid.robot import PUBLISH_MS, VirtualHumanoid
from hardware.virtual.server import RobotServer

DEPTH = 64
"""Commands kept between two looks."""


class _Bell(Listener):
    """Wakes the server's loop when something has arrived."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor

    def on_data_available(self, reader: Any) -> None:
        """Ring; cyclonedds calls it from a thread of its own."""
        os.eventfd_write(self._descriptor, 1)


class Server(RobotServer):
    """Owns the DDS participant and the clock; a context manager.

    Args:
        robot: to serve.
        uri: ``dds://INTERFACE?domain=NUMBER``.
        lock_step: time moves by commands.

    Raises:
        ConfigError: for another URI.
        LinkError: if there is no such interface.
    """

    def __init__(self, robot: VirtualHumanoid, uri: str, lock_step: bool = False) -> None:
        super().__init__(robot, lock_step)
        self.robot = robot
        self._participant = participant = join(parse_uri(uri))
        self._states = topics.writer(participant, topics.LOW_STATE, HgLowState)
        self._answers = topics.writer(participant, topics.MOTION_RESPONSE, Response)
        self._commands = topics.reader(participant, topics.LOW_CMD, HgLowCmd, depth=DEPTH)
        self._requests = topics.reader(participant, topics.MOTION_REQUEST, Request, depth=16, reliable=True)
        self._newest: HgLowState | None = None
        self._newest_tick = -1
        self._steps: ClientSteps | None = None
        self._idle = True
        self._bell = os.eventfd(0, os.EFD_NONBLOCK)
        self.watch(self._bell, self._take)
        self._listener = _Bell(self._bell)
        for reader in (self._commands, self._requests):
            reader.set_listener(self._listener)
        if lock_step:
            self._step()

    def close(self) -> None:
        """Leave DDS's call-backs and free the descriptors."""
        for reader in (self._commands, self._requests):
            reader.set_listener(Listener())
        leave(self._participant)
        super().close()
        os.close(self._bell)

    def flush(self) -> None:
        """Publish the states of the time that has passed."""
        for frame in self.robot.take_states():
            self._newest = frame
            self._newest_tick = max(self._newest_tick, int(frame.record["tick"]) if frame.intact else -1)
            self._states.write(frame)

    def _listen(self, timeout_s: float) -> bool:
        heard = super()._listen(timeout_s)
        if self._lock_step and self._idle:
            if self._steps is not None:
                self._finish_step(late=True)
            elif self._newest is not None:
                self._states.write(self._newest)
        self._idle = True
        return heard

    def _take(self) -> None:
        """Serve what has arrived."""
        self._idle = False
        os.eventfd_read(self._bell)
        for request in self._requests.take(16):
            if isinstance(request, Request) and not self._is_step(request):
                self._serve(request)
                self._step()
        for frame in self._commands.take(DEPTH):
            if isinstance(frame, HgLowCmd):
                self.robot.receive(frame, frame.sample_info.publication_handle)
                if self._steps is not None:
                    self._steps.commands += 1
                self._step()
        if self._steps is not None:
            self._finish_step()

    def _step(self) -> None:
        """Move time for a client that does not do so by steps."""
        if self._lock_step and self._steps is None:
            self.move(PUBLISH_MS)
            self.flush()

    def _is_step(self, request: Request) -> bool:
        """Note a step that is asked for; the same one may be asked for again, when its answer is late."""
        if not self._lock_step or request.header.identity.api_id != STEP:
            return False
        self._steps = self._steps or ClientSteps()
        if request.header.identity.id == self._steps.answered_id:
            self._answer(request, 0, self._steps.answer)
        else:
            self._steps.ask(request)
        return True

    def _finish_step(self, late: bool = False) -> None:
        """Move time if a step is asked for and its commands are here, or ``late``: will not come any more."""
        steps = self._steps
        if steps is None or steps.request is None or not (steps.complete or late):
            return
        request = steps.request
        self.move(PUBLISH_MS)
        self.flush()
        steps.finish(json.dumps({"ms": self.robot.now_ms, "tick": self._newest_tick}))
        self._answer(request, 0, steps.answer)  # no fault of the link keeps it back: it is the simulation's

    def _serve(self, request: Request) -> None:
        answer = self.robot.request(request.header.identity.api_id, request.parameter)
        if answer is not None and not request.header.policy.noreply:
            self._answer(request, *answer)

    def _answer(self, request: Request, code: int, data: str) -> None:
        nothing: Any = []
        header = ResponseHeader(request.header.identity, ResponseStatus(code))
        self._answers.write(Response(header, data, nothing))
