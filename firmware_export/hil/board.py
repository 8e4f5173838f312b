"""A client of the policy server on a microcontroller, over pyserial."""

from __future__ import annotations

import time
from types import TracebackType

import numpy as np
import serial

from firmware_export.hil.protocol import (
    ANSWER,
    REASONS,
    DeviceInfo,
    Message,
    StepAnswer,
    pack_steps,
    unpack_self_test,
    unpack_steps,
)
from hardware.framing import DELIMITER, Frame, FrameReader, encode
from sim.errors import LinkError

BAUD = 115200
ANSWER_TIMEOUT_S = 5.0
"""Longest wait for one answer: the largest frames take half a second each way at 115200 baud."""
ATTEMPTS = 3
"""How often a request is sent; repeating is harmless, as requests carry their own state."""


class Board:
    """A connected microcontroller; use it as a context manager."""

    def __init__(self, port: str, timeout_s: float = ANSWER_TIMEOUT_S) -> None:
        """Open the port and ask the board what it runs.

        Args:
            port: serial device, e.g. ``/dev/ttyACM0``.
            timeout_s: longest wait for one answer.

        Raises:
            LinkError: if the port cannot be opened or nothing answers.
        """
        self._timeout_s = timeout_s
        self._sequence = 0
        self._reader = FrameReader()
        try:
            self._serial = serial.Serial(port, BAUD, timeout=0.05, write_timeout=timeout_s, exclusive=True)
        except (serial.SerialException, OSError, ValueError) as error:
            raise LinkError(
                f"cannot open {port}: {error}; check the cable, the rights and who else has it open"
            ) from None
        try:
            self.info = self.read_info()
        except BaseException:
            self.close()
            raise

    @property
    def rejected_frames(self) -> int:
        """Damaged frames received so far."""
        return self._reader.rejected

    def read_info(self) -> DeviceInfo:
        """Ask for bundle id, sizes and stack used so far."""
        return DeviceInfo.unpack(self._request(Message.INFO, b""))

    def self_test(self) -> tuple[int, float]:
        """Run the golden self-test on the board; return the number of wrong values and the largest relative error."""
        return unpack_self_test(self._request(Message.SELF_TEST, b""))

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
        payload = self._request(Message.STEP, pack_steps(observation, state, reset, every_state=every_state))
        return unpack_steps(payload, self.info, len(observation), every_state=every_state)

    def _request(self, message: Message, payload: bytes) -> bytes:
        """Send a request, repeat it if no answer or a damaged one comes, and return the answer's payload.

        Raises:
            LinkError: if the board does not answer or refuses.
        """
        self._sequence = (self._sequence + 1) & 0xFFFF
        encoded = DELIMITER + encode(Frame(message, self._sequence, payload))
        refusal = ""
        for _ in range(ATTEMPTS):
            try:
                self._serial.write(encoded)
                frame = self._wait(self._sequence)
            except (serial.SerialException, OSError) as error:
                raise LinkError(f"lost the board on {self._serial.port}: {error}; check the cable") from None
            if frame is None:
                refusal = f"no answer within {self._timeout_s:g} s"
            elif frame.type == message | ANSWER:
                return frame.payload
            else:
                refusal = REASONS.get(frame.payload[0] if frame.payload else 0, f"answer of type {frame.type}")
        raise LinkError(f"the board on {self._serial.port}: {refusal}; check that it runs this policy's firmware")

    def _wait(self, sequence: int) -> Frame | None:
        deadline = time.monotonic() + self._timeout_s
        while time.monotonic() < deadline:
            rejected = self._reader.rejected
            for frame in self._reader.feed(self._serial.read(max(1, self._serial.in_waiting))):
                if frame.sequence == sequence or frame.type == Message.ERROR:
                    return frame
            if self._reader.rejected > rejected:
                return None
        return None

    def close(self) -> None:
        """Close the port; safe to call twice."""
        self._serial.close()

    def __enter__(self) -> Board:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
