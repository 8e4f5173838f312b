"""A robot on a serial line behind the ``Link`` protocol (``docs/serial-protocol.md``): real pyserial, two threads."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

from hardware.checks import Check, check_battery, check_state
from hardware.clock import HOST_CLOCK, Clock
from hardware.framing import Frame, encode
from hardware.link import LinkHealth
from hardware.lock_step import LockStepClock, StepSender, not_in_lock_step
from hardware.serial.hello import Hello, HelloRequest, encode_hello_request
from hardware.serial.messages import Command, encode_command, encode_safe_action, encode_session
from hardware.serial.port import SerialPort
from hardware.serial.preflight import check_robot
from hardware.serial.protocol import MessageType, Refusal
from hardware.serial.receiver import Receiver
from hardware.serial.sender import Sender
from hardware.serial.stepping import Stepper
from hardware.serial.uri import parse_serial_uri
from policies.bundle import Bundle
from sim.errors import FlightAbortedError, LinkError
from sim.spec import ActionLevel, SafeAction

HELLO_TIMEOUT_S = 3.0
"""Longest wait for the robot's hello: boards that restart when their port opens need one to two seconds."""
HELLO_EVERY_S = 0.2
STATE_TIMEOUT_S = 1.0
"""Longest wait for the first state after the hello."""
DRAIN_S = 0.2
"""Longest wait at the close for urgent messages (stop, disarm) to leave."""
UNITS: dict[ActionLevel, str] = {"motor": "fraction", "joint_position": "rad"}
"""Unit of every channel at the levels whose channels are motors or joints."""


class SerialLink:
    """A robot by URI, ``serial:///dev/ttyACM0?baud=921600`` or ``serial://host:port``.

    Args:
        uri: where it is.
        level: of the policy's action; a robot that takes other commands is refused. ``None``: any.
        stopped: asked during waits; true gives them up.
        external_position: accepted for all links; what the robot measures itself by is its own matter here.

    Raises:
        ConfigError: if the URI is malformed.
    """

    def __init__(
        self,
        uri: str,
        level: ActionLevel | None = None,
        stopped: Callable[[], bool] = lambda: False,
        external_position: bool = False,
    ) -> None:
        self._address = parse_serial_uri(uri)
        self.uri = uri
        self._lock_step = LockStepClock(self._step) if self._address.lock_step else None
        self.clock: Clock = self._lock_step or HOST_CLOCK
        self.level: ActionLevel = level or "motor"
        """Once open, that of the robot."""
        self.command_names: tuple[str, ...] = ()
        """Known once open."""
        self._wanted_level = level
        self._stopped = stopped
        self._port: SerialPort | None = None
        self._receiver: Receiver | None = None
        self._sender: Sender | StepSender[bytes] | None = None
        self._failure: str | None = None
        self._session = 0
        self._sequence = 0
        self._stepper: Stepper | None = None

    # Link protocol --------------------------------------------------------------------------

    def open(self) -> None:
        """Open the port, exchange hellos and wait for the first state.

        Raises:
            LinkError: if the port cannot be opened, nobody answers, or the robot is not one for this policy.
            FlightAbortedError: if the operator stopped it.
        """
        if self._port is not None:
            raise LinkError(f"{self.uri} is already open; close it first")
        self._failure, self._sequence = None, 0
        self._session = 1 + secrets.randbelow((1 << 32) - 1)
        self._port = SerialPort(self.uri, self._address)
        try:
            self._receiver = Receiver(self._port, self._session, self.clock)
            self._receiver.start()
            hello = self._greet(self._receiver, self._port)
            self._check_level(hello)
            if self._lock_step is None:
                self._sender = Sender(self._port.write, self._heartbeat, self._fail)
            else:
                self._start_lock_step(self._lock_step, self._receiver, self._port)
            self._wait(lambda: self.receiver.state is not None, STATE_TIMEOUT_S)
            if self.receiver.state is None:
                raise LinkError(
                    f"{self.uri}: '{hello.robot}' said hello, but no state arrives within {STATE_TIMEOUT_S:g} s"
                    f"{self._reason()}; restart the robot"
                )
        except BaseException:  # whatever it is, no thread and no port stays behind
            self.close()
            raise

    def checks(self, bundle: Bundle) -> list[Check]:
        """Return the outcome of every check before a start; nothing moves."""
        state = self.read()
        return [
            check_robot(self.hello, bundle),
            check_battery(state, bundle.info.limits),
            check_state(state),
        ]

    def prepare(self) -> Check:
        """Nothing to prepare: a robot on a serial line says by its state whether it is ready."""
        damaged = self.receiver.damaged
        return Check("line", True, f"{damaged} damaged frames so far")

    def read(self) -> Any:
        """Return the newest ``FlightState`` or ``JointState`` without waiting."""
        return self.receiver.state

    def health(self) -> LinkHealth:
        """Return the state of the connection without waiting."""
        receiver, sender = self._receiver, self._sender
        if receiver is None or sender is None:
            return LinkHealth(False, 0 if receiver is None else receiver.heard_ns)
        alive = receiver.alive and sender.alive and self.lost is None
        return LinkHealth(alive, receiver.heard_ns)

    def write(self, command: Sequence[float]) -> None:
        """Hand over a command: one number for each of ``command_names``."""
        self._sequence += 1
        message = Command(self._session, self._sequence, tuple(command))
        self.sender.command(self._frame(MessageType.COMMAND, encode_command(message)))

    def safe_stop(self, action: SafeAction) -> None:
        """Tell the robot to bring itself to safety without further commands; repeated without harm."""
        self._urgent(MessageType.SAFE_ACTION, encode_safe_action(self._session, action))

    def request_arm(self, armed: bool) -> None:
        """Ask the robot to arm or disarm; the state's ``armed`` tells when it did."""
        self._urgent(MessageType.ARM if armed else MessageType.DISARM, encode_session(self._session))

    def emergency_stop(self) -> None:
        """Cut the motors; the robot must be restarted before it arms again."""
        self._urgent(MessageType.EMERGENCY_STOP, encode_session(self._session))

    def close(self) -> None:
        """Release the port in bounded time; never raises, sends nothing but what was asked before."""
        sender, self._sender = self._sender, None
        if sender is not None:
            sender.drain(DRAIN_S)
            sender.stop()
        receiver, self._receiver = self._receiver, None
        if receiver is not None:
            receiver.stop()
        port, self._port = self._port, None
        if port is not None:
            port.close()

    def __enter__(self) -> SerialLink:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # Serial ---------------------------------------------------------------------------------

    @property
    def hello(self) -> Hello:
        """What the robot said of itself.

        Raises:
            LinkError: if the link is not open.
        """
        hello = self.receiver.hello
        if hello is None:
            raise LinkError(f"{self.uri}: the robot has not said hello yet")
        return hello

    @property
    def receiver(self) -> Receiver:
        """The receiving thread: states, refusals and counters of the open link.

        Raises:
            LinkError: if the link is not open.
        """
        if self._receiver is None:
            raise LinkError(f"{self.uri} is not open")
        return self._receiver

    @property
    def sender(self) -> Sender | StepSender[bytes]:
        """What sends for the open link.

        Raises:
            LinkError: if the link is not open.
        """
        if self._sender is None:
            raise LinkError(f"{self.uri} is not open")
        return self._sender

    @property
    def lost(self) -> str | None:
        """Why the connection is lost, in words; ``None`` while it is not."""
        silent = "the robot's simulation does not answer" if self._lock_step and self._lock_step.lost else None
        return self._failure or (None if self._receiver is None else self._receiver.lost) or silent

    def _greet(self, receiver: Receiver, port: SerialPort) -> Hello:
        deadline = time.monotonic() + HELLO_TIMEOUT_S
        request = encode(Frame(MessageType.HELLO_REQUEST, 0, encode_hello_request(HelloRequest(self._session))))
        while receiver.hello is None:
            self._raise_if_refused(receiver)
            if time.monotonic() > deadline:
                raise LinkError(
                    f"no robot answers at {self.uri} within {HELLO_TIMEOUT_S:g} s{self._reason()};"
                    " switch it on, check cable and baud rate, and whether its firmware speaks this protocol"
                )
            port.write(request)
            self._wait(lambda: receiver.hello is not None, HELLO_EVERY_S)
        return receiver.hello

    def _raise_if_refused(self, receiver: Receiver) -> None:
        if receiver.lost is not None:
            raise LinkError(receiver.lost)
        if receiver.problem is not None and receiver.problem.refusal is Refusal.VERSION:
            raise LinkError(f"{self.uri}: {receiver.problem}")
        if receiver.refusal is not None:
            raise LinkError(f"{self.uri}: the robot refuses: {receiver.refusal.text}")

    def _check_level(self, hello: Hello) -> None:
        if self._wanted_level not in (None, hello.level) and hello.level != "position":
            raise LinkError(
                f"{self.uri}: '{hello.robot}' takes commands of level '{hello.level}', the policy gives"
                f" '{self._wanted_level}'; use a bundle made for it"
            )
        self.level = hello.level
        unit = UNITS.get(hello.level)
        self.command_names = hello.channels if unit is None else tuple(f"{name}_{unit}" for name in hello.channels)

    def _wait(self, condition: Callable[[], bool], timeout_s: float) -> None:
        """Wait for news from the robot.

        Raises:
            FlightAbortedError: if the operator stopped it.
        """
        if not self.receiver.wait_for(condition, timeout_s, self._stopped) and self._stopped():
            raise FlightAbortedError("stopped by the operator while connecting: nothing moved")

    def _step(self) -> int | None:
        return None if self._stepper is None else self._stepper.step()

    def _start_lock_step(self, clock: LockStepClock, receiver: Receiver, port: SerialPort) -> None:
        sender = self._sender = StepSender(port.write)
        self._stepper = Stepper(port, receiver, sender, self._session, self._heartbeat)
        clock.start()
        if clock.lost:
            raise not_in_lock_step(self.uri)

    def _reason(self) -> str:
        """What arrived instead of an answer, in brackets."""
        receiver = self.receiver
        if receiver.problem is not None:
            return f" ({receiver.problem})"
        return f" ({receiver.frame_problem})" if receiver.damaged else ""

    def _fail(self, reason: str) -> None:
        self._failure = reason

    def _heartbeat(self) -> bytes:
        return self._frame(MessageType.HEARTBEAT, encode_session(self._session))

    def _urgent(self, kind: MessageType, payload: bytes) -> None:
        self.sender.urgent(self._frame(kind, payload))

    def _frame(self, kind: MessageType, payload: bytes) -> bytes:
        return encode(Frame(kind, self._sequence & 0xFFFF, payload))
