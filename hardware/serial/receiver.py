"""The one thread that reads: frames to messages, the newest state kept, everything doubtful dropped and counted."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable

from hardware.clock import HOST_CLOCK, Clock
from hardware.framing import Frame, FrameReader
from hardware.robot_time import RC_DRIFT, RobotTime
from hardware.serial.hello import Hello, decode_hello
from hardware.serial.messages import Nack, decode_nack, decode_time
from hardware.serial.port import SerialPort
from hardware.serial.protocol import MAX_PAYLOAD, MessageType, ProtocolError, Refusal
from hardware.serial.states import FlightReport, Head, JointReport, decode_flight_report, decode_joint_report
from hardware.states import FlightState, JointState
from sim.errors import LinkError

READ_S = 0.05
"""Longest wait of one read: how soon ``stop`` acts."""
CLOCK_BITS = 32
"""Of the milliseconds in a state."""
_HALF = 1 << 15


class Receiver:
    """Reads for one open link until ``stop``.

    Args:
        port: open.
        session: that of this link; a HELLO granted to another one is not for us.
        clock: what arrives is stamped with it.
    """

    def __init__(self, port: SerialPort, session: int, clock: Clock = HOST_CLOCK) -> None:
        self.hello: Hello | None = None
        self.state: FlightState | JointState | None = None
        self.head: Head | None = None
        """Of the newest state."""
        self.heard_ns = 0
        """When the last message arrived."""
        self.problem: ProtocolError | None = None
        """The last answer that cannot be understood: another version of the protocol, say."""
        self.refusal: Nack | None = None
        """The last refusal."""
        self.lost: str | None = None
        """Why nothing more can arrive."""
        self.moved: tuple[int, int] | None = None
        """From a robot in lock-step: number of the STEP answered last, and its clock after that, ms."""
        self.answers: Counter[str] = Counter()
        """Messages by type, and ``old`` and ``malformed`` ones."""
        self.changed = threading.Condition()
        """Notified after every message."""
        self._reader = FrameReader(MAX_PAYLOAD + 32)
        self._port, self._session, self._clock = port, session, clock
        self._number: int | None = None
        self._time = RobotTime(CLOCK_BITS, RC_DRIFT)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="serial-receiver", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    @property
    def damaged(self) -> int:
        """Frames that arrived damaged."""
        return self._reader.rejected

    @property
    def frame_problem(self) -> str | None:
        """What was wrong with the last damaged frame."""
        error = self._reader.last_error
        return None if error is None else str(error)

    def wait_for(
        self, condition: Callable[[], bool], timeout_s: float, stopped: Callable[[], bool] = lambda: False
    ) -> bool:
        """Wait until ``condition()``; false when that takes too long, the line is lost, or ``stopped()``."""
        deadline = time.monotonic() + timeout_s
        with self.changed:
            while not (done := condition()) and self.lost is None and not stopped():
                left = deadline - time.monotonic()
                if left <= 0.0:
                    break
                self.changed.wait(min(left, READ_S))
            return done

    def stop(self) -> None:
        """End the thread."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(1.0)

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                for frame in self._reader.feed(self._port.read(READ_S)):
                    self._take(frame, self._clock.now_ns())
        except LinkError as error:
            with self.changed:
                self.lost = str(error)
                self.changed.notify_all()

    def _take(self, frame: Frame, now_ns: int) -> None:
        with self.changed:
            try:
                self._dispatch(frame, now_ns)
            except ProtocolError as error:
                self.problem = error
                self.answers["malformed"] += 1
            self.changed.notify_all()

    def _dispatch(self, frame: Frame, now_ns: int) -> None:
        if frame.type in (MessageType.FLIGHT_STATE, MessageType.JOINT_STATE):
            self._on_state(frame, now_ns)
        elif frame.type == MessageType.HELLO:
            if not self._on_hello(decode_hello(frame.payload)):
                return
        elif frame.type == MessageType.NACK:
            self._on_nack(decode_nack(frame.payload))
        elif frame.type == MessageType.TIME:
            self.moved = (frame.sequence, decode_time(frame.payload))
            return  # the simulation's word, not the robot's: no fault of the line keeps it back
        elif frame.type != MessageType.ACK:
            raise ProtocolError(Refusal.UNKNOWN_TYPE, f"message of type {frame.type:#x} from the robot")
        self.answers[MessageType(frame.type).name] += 1
        self.heard_ns = now_ns

    def _on_hello(self, hello: Hello) -> bool:
        """Take the first hello for this session; returns whether this one was for it."""
        if hello.session != self._session:
            return False
        if self.hello is not None and hello != self.hello:
            raise ProtocolError(Refusal.MALFORMED, "a second hello that differs from the first")
        self.hello = hello
        return True

    def _on_state(self, frame: Frame, now_ns: int) -> None:
        hello = self.hello
        if hello is None:
            return
        expected = MessageType.FLIGHT_STATE if hello.kind == "flight" else MessageType.JOINT_STATE
        if frame.type != expected:
            raise ProtocolError(Refusal.UNKNOWN_TYPE, f"a robot of kind '{hello.kind}' sent another kind of state")
        if self._number is not None and not 0 < (frame.sequence - self._number) % (2 * _HALF) < _HALF:
            self.answers["old"] += 1
            return
        decode = decode_flight_report if hello.kind == "flight" else decode_joint_report
        report: FlightReport | JointReport = decode(frame.payload, len(hello.channels))
        self._number = frame.sequence
        self.head = report.head
        self.state = report.state(self._time.due_ns(report.head.robot_ms, now_ns))

    def _on_nack(self, nack: Nack) -> None:
        self.refusal = nack
        if nack.refusal is Refusal.NO_SESSION and self.hello is not None:
            self.lost = "the robot was restarted, or another program took it over; connect again"
