"""A client of the policy server on a microcontroller, over pyserial."""

from __future__ import annotations

import time
from dataclasses import dataclass
from types import TracebackType

import numpy as np

from firmware_export.hil.port import BAUD, open_port
from firmware_export.hil.protocol import (
    ANSWER,
    DAMAGED,
    REASONS,
    DeviceInfo,
    Message,
    StepAnswer,
    pack_flights,
    pack_steps,
    unpack_flights,
    unpack_self_test,
    unpack_steps,
)
from hardware.framing import DELIMITER, Frame, FrameReader, encode
from sim.errors import LinkError

ANSWER_TIMEOUT_S = 5.0
"""Longest wait for one answer: a large policy's self-test or a full frame of its steps takes a second or two."""
HELLO_TIMEOUT_S = 1.0
"""Longest wait for the first answer, which needs no policy step."""
ATTEMPTS = 3
"""How often a request is sent that nobody answers; repeating is harmless, see ``protocol``."""
DAMAGED_ATTEMPTS = 10
"""How often a request is sent whose answers come damaged."""
_OURS = {message | ANSWER for message in Message}


class NoServerError(LinkError):
    """The port is open, and no policy server of this version answers on it."""


@dataclass(frozen=True)
class Request:
    """A request on its way."""

    message: Message
    sequence: int
    encoded: bytes
    sent_s: float
    """When it was sent first, on the monotonic clock."""


class Board:
    """A connected microcontroller; use it as a context manager.

    Attributes:
        port: what it was opened by.
        info: what it said about itself.
        repeated: requests sent again so far, because their answer was lost or damaged.
    """

    def __init__(self, port: str, timeout_s: float = ANSWER_TIMEOUT_S) -> None:
        """Open the port and ask the board what it runs.

        Args:
            port: serial device, e.g. ``/dev/ttyACM0``, or ``socket://HOST:PORT``.
            timeout_s: longest wait for one answer.

        Raises:
            ConfigError: if ``port`` is malformed.
            LinkError: if the port cannot be opened or was lost.
            NoServerError: if no policy server of this version answers.
        """
        self.port = port
        self.repeated = 0
        self._timeout_s = timeout_s
        self._sequence = 0
        self._reader = FrameReader()
        self._heard_bytes = 0
        self._foreign_frames = 0
        self._answered = False
        self._serial = open_port(port)
        try:
            self.info = self.read_info(min(timeout_s, HELLO_TIMEOUT_S))
        except BaseException:
            self.close()
            raise
        self.repeated = 0  # emulators may start slowly

    @property
    def rejected_frames(self) -> int:
        """Damaged frames received so far."""
        return self._reader.rejected

    def read_info(self, timeout_s: float | None = None) -> DeviceInfo:
        """Ask for bundle id, sizes and stack used so far."""
        payload = self._ask(Message.INFO, b"", timeout_s)
        try:
            return DeviceInfo.unpack(payload)
        except LinkError as error:
            raise NoServerError(f"the board on {self.port}: {error}") from None

    def self_test(self) -> tuple[int, float]:
        """Run the golden self-test on the board; return the number of wrong values and the largest relative error."""
        return unpack_self_test(self._ask(Message.SELF_TEST, b""))

    def steps(
        self, observation: np.ndarray, state: np.ndarray, reset: np.ndarray, *, every_state: bool = True
    ) -> StepAnswer:
        """Run consecutive steps of one policy that fit one frame.

        Args:
            observation: (count, observation_size) float32, ``count`` at most ``info.steps_per_frame()``.
            state: (state_size,) float32 before the first step.
            reset: (count,) bool.
            every_state: return the state after every step, not only after the last.
        """
        payload = self._ask(Message.STEP, pack_steps(observation, state, reset, every_state=every_state))
        return unpack_steps(payload, self.info, len(observation), every_state=every_state)

    def send_flights(self, session: int, number: int, first_slot: int, observation: np.ndarray) -> Request:
        """Send one step of flights in consecutive slots; ``wait`` and ``read_flights`` get the answer.

        Args:
            session: drawn for this flight, 1 to 2^32 - 1.
            number: of the step, from 0.
            first_slot: slot of the first flight.
            observation: (count, observation_size) float32, ``count`` at most ``info.flights_per_frame()``.
        """
        return self.send(Message.FLY, pack_flights(session, number, first_slot, observation))

    def read_flights(self, payload: bytes, count: int) -> tuple[np.ndarray, int]:
        """Decode the answer to ``send_flights``: actions (count, action_size), clock ticks of the longest step."""
        return unpack_flights(payload, self.info, count)

    def send(self, message: Message, payload: bytes) -> Request:
        """Send a new request and forget what is still on the line from earlier ones.

        Raises:
            LinkError: if the port is lost.
        """
        self._reader.feed(self._serial.read(0.0))
        self._sequence = (self._sequence + 1) & 0xFFFF
        encoded = DELIMITER + encode(Frame(message, self._sequence, payload))
        request = Request(message, self._sequence, encoded, time.monotonic())
        self._serial.write(encoded)
        return request

    def repeat(self, request: Request) -> None:
        """Send a request again.

        Raises:
            LinkError: if the port is lost.
        """
        self.repeated += 1
        self._serial.write(request.encoded)

    def wait(self, request: Request, timeout_s: float) -> bytes | None:
        """Return the answer's payload, or ``None`` if it did not come in time or something came damaged.

        Raises:
            LinkError: if the port is lost or the board refuses the request.
        """
        deadline = time.monotonic() + timeout_s
        while (left_s := deadline - time.monotonic()) > 0.0:
            rejected = self._reader.rejected
            data = self._serial.read(left_s)
            self._heard_bytes += len(data)
            for frame in self._reader.feed(data):
                if frame.type == Message.ERROR:
                    if self._refused(frame, request):
                        return None
                elif frame.type not in _OURS:
                    self._foreign_frames += 1
                elif frame.sequence == request.sequence and frame.type == request.message | ANSWER:
                    self._answered = True
                    return frame.payload
            if self._reader.rejected > rejected:
                return None
        return None

    def answer_to(self, request: Request, timeout_s: float | None = None) -> bytes:
        """Wait for an answer; ask again if none or a damaged one comes.

        Raises:
            LinkError: if the board does not answer or refuses.
        """
        timeout_s = timeout_s or self._timeout_s
        silences = damages = 0
        heard_bytes = self._heard_bytes
        while True:
            deadline = time.monotonic() + timeout_s
            payload = self.wait(request, timeout_s)
            if payload is not None:
                return payload
            silences, damages = (silences + 1, damages) if time.monotonic() >= deadline else (silences, damages + 1)
            if silences == ATTEMPTS or damages == DAMAGED_ATTEMPTS:
                kind = LinkError if self._answered else NoServerError
                raise kind(f"the board on {self.port}: {self._silence(timeout_s, self._heard_bytes > heard_bytes)}")
            self.repeat(request)

    def _ask(self, message: Message, payload: bytes, timeout_s: float | None = None) -> bytes:
        return self.answer_to(self.send(message, payload), timeout_s)

    def _refused(self, frame: Frame, request: Request) -> bool:
        """Whether the board received the request damaged.

        Raises:
            LinkError: if it received and refused it.
        """
        reason = frame.payload[0] if frame.payload else 0
        if reason == DAMAGED:
            return True
        if frame.sequence != request.sequence:
            return False
        text = REASONS.get(reason, f"refusal {reason}")
        raise LinkError(f"the board on {self.port}: {text}; check that it runs this policy's firmware")

    def _silence(self, timeout_s: float, heard: bool) -> str:
        """Say what was heard instead of an answer."""
        if self._foreign_frames:
            return (
                "it speaks another protocol on the same frames, so it is no policy server; a robot of"
                f" docs/serial-protocol.md is driven by 'sim2metal run BUNDLE --uri serial://{self.port}'"
            )
        if heard:
            return (
                f"only damaged answers; check the cable, the baud rate ({BAUD}) and that it runs this policy's firmware"
            )
        if self._answered:
            return f"it stopped answering: nothing within {timeout_s:g} s to {ATTEMPTS} requests; check cable and power"
        return f"no answer within {timeout_s:g} s to {ATTEMPTS} requests; check that it runs this policy's firmware"

    def close(self) -> None:
        """Close the port; safe to call twice."""
        self._serial.close()

    def __enter__(self) -> Board:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
