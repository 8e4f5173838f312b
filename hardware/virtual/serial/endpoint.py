"""The robot's end of the protocol: frames in, answers out; what is accepted goes to the autopilot.

This is what a microcontroller's firmware does with a frame: no sockets, no clock of its own, no
allocation that grows with the input.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Protocol

from hardware.framing import Frame
from hardware.serial.hello import Hello, decode_hello_request, encode_hello
from hardware.serial.messages import (
    Nack,
    decode_command,
    decode_safe_action,
    decode_session,
    encode_ack,
    encode_nack,
)
from hardware.serial.protocol import MessageType, ProtocolError, Refusal
from hardware.virtual.events import EventLog
from hardware.virtual.serial.gate import CommandGate
from hardware.virtual.serial.session import Sessions
from sim.spec import SafeAction

FROM_ROBOT = 0x80
"""Set in the types of the robot's own messages. They are never answered: on a looped-back line two
robots, or one with its own echo, would refuse each other's refusals for ever."""


class Arming(Protocol):
    """Who arms, disarms and stops the robot."""

    armed: bool
    locked: bool
    """The emergency stop is latched."""

    def request_arming(self, arm: bool) -> bool:
        """Arm or disarm; returns whether the request was granted."""
        ...

    def emergency_stop(self, reason: str) -> None:
        """Cut the motors until a restart."""
        ...


class Follower(Protocol):
    """Who acts on commands."""

    def require_commandable(self) -> None:
        """Refuse, by a ``ProtocolError``, a command that could not act."""
        ...

    def take(self, command: Sequence[float], /) -> None:
        """Take checked channels, (n,) floats."""
        ...

    def request(self, action: SafeAction) -> None:
        """Begin a safe action; a ``ProtocolError`` if the robot cannot do it."""
        ...


class Endpoint:
    """Answers frames.

    Args:
        hello: what the robot says of itself; the session is filled in.
        supervisor: arms, disarms, stops.
        autopilot: takes commands and safe actions.
        gate: judges commands.
        events: the robot's record and clock.
    """

    def __init__(
        self, hello: Hello, supervisor: Arming, autopilot: Follower, gate: CommandGate, events: EventLog
    ) -> None:
        self.sessions = Sessions(events)
        self.gate = gate
        self._hello = hello
        self._supervisor, self._autopilot, self._events = supervisor, autopilot, events
        self._handlers: dict[int, Callable[[Frame, int], Frame | None]] = {
            MessageType.HELLO_REQUEST: self._on_hello,
            MessageType.COMMAND: self._on_command,
            MessageType.ARM: self._on_arm,
            MessageType.DISARM: self._on_disarm,
            MessageType.SAFE_ACTION: self._on_safe_action,
            MessageType.EMERGENCY_STOP: self._on_emergency_stop,
            MessageType.HEARTBEAT: self._on_heartbeat,
        }

    def handle(self, frame: Frame, port: int) -> Frame | None:
        """Act on an undamaged frame; returns the answer, if there is one.

        Args:
            frame: from the line.
            port: number of the line it came by.
        """
        if frame.type & FROM_ROBOT:
            self._events.count("ignored")
            return None
        try:
            handler = self._handlers.get(frame.type)
            if handler is None:
                raise ProtocolError(Refusal.UNKNOWN_TYPE, f"message type {frame.type:#x}")
            return handler(frame, port)
        except ProtocolError as error:
            self._events.count("refused")
            self._events.count(f"refused_{error.refusal.name.lower()}")
            nack = Nack(frame.type, error.refusal, error.detail)
            return Frame(MessageType.NACK, frame.sequence, encode_nack(nack))

    def _on_hello(self, frame: Frame, port: int) -> Frame:
        request = decode_hello_request(frame.payload)
        if self.sessions.admit(request.session, port, self._supervisor.armed):
            self.gate.restart()
        granted = dataclasses.replace(self._hello, session=request.session)
        return Frame(MessageType.HELLO, frame.sequence, encode_hello(granted))

    def _on_command(self, frame: Frame, port: int) -> None:
        command = decode_command(frame.payload)
        self.sessions.require(command.session, port)
        self._autopilot.require_commandable()
        self.gate.check(command)
        self._autopilot.take(command.channels)
        self._events.count("commands")
        self._events.mark("last_command")

    def _on_arm(self, frame: Frame, port: int) -> Frame:
        self.sessions.require(decode_session(frame.payload), port)
        if self._supervisor.locked:
            raise ProtocolError(Refusal.EMERGENCY_STOPPED, "the emergency stop is latched")
        if not self._supervisor.request_arming(True):
            raise ProtocolError(Refusal.CANNOT_ARM, "the robot tumbled or crashed")
        return _ack(frame)

    def _on_disarm(self, frame: Frame, port: int) -> Frame:
        self.sessions.require(decode_session(frame.payload), port)
        self._supervisor.request_arming(False)
        return _ack(frame)

    def _on_safe_action(self, frame: Frame, port: int) -> Frame:
        session, action = decode_safe_action(frame.payload)
        self.sessions.require(session, port)
        self._autopilot.request(action)
        return _ack(frame)

    def _on_emergency_stop(self, frame: Frame, _port: int) -> Frame:
        decode_session(frame.payload)  # anybody may stop a robot, whatever the session
        self._supervisor.emergency_stop("host's request")
        return _ack(frame)

    def _on_heartbeat(self, frame: Frame, port: int) -> Frame:
        self.sessions.require(decode_session(frame.payload), port)
        return _ack(frame)


def _ack(frame: Frame) -> Frame:
    return Frame(MessageType.ACK, frame.sequence, encode_ack(frame.type))
