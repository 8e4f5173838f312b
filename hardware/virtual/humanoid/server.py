"""The virtual humanoid on DDS: commands and requests in, states and answers out, in real time or lock-step.

In lock-step every command or request moves the time by one period of the states, after which the
new state is published; while nobody speaks, the last state is repeated so that a client can find it.
"""

from __future__ import annotations

import os
from typing import Any

from cyclonedds.core import Listener

from hardware.dds import topics
from hardware.dds.domain import join, leave, parse_uri
from hardware.dds.frames import HgLowCmd, HgLowState
from hardware.dds.messages.api import Request, Response, ResponseHeader, ResponseStatus
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
            self._states.write(frame)

    def _listen(self, timeout_s: float) -> bool:
        heard = super()._listen(timeout_s)
        if self._lock_step and self._newest is not None and self._idle:
            self._states.write(self._newest)
        self._idle = True
        return heard

    def _take(self) -> None:
        """Serve what has arrived."""
        self._idle = False
        os.eventfd_read(self._bell)
        for request in self._requests.take(16):
            if isinstance(request, Request):
                self._serve(request)
                self._step()
        for frame in self._commands.take(DEPTH):
            if isinstance(frame, HgLowCmd):
                self.robot.receive(frame, frame.sample_info.publication_handle)
                self._step()

    def _step(self) -> None:
        if self._lock_step:
            self.move(PUBLISH_MS)
            self.flush()

    def _serve(self, request: Request) -> None:
        answer = self.robot.request(request.header.identity.api_id, request.parameter)
        if answer is None or request.header.policy.noreply:
            return
        code, data = answer
        nothing: Any = []
        header = ResponseHeader(request.header.identity, ResponseStatus(code))
        self._answers.write(Response(header, data, nothing))
