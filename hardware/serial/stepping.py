"""One period of a robot in lock-step: send what waits, let its time move, have everything it says."""

from __future__ import annotations

from collections.abc import Callable

from hardware.framing import Frame, encode
from hardware.lock_step import ANSWER_TIMEOUT_S, StepSender
from hardware.serial.messages import encode_session
from hardware.serial.port import SerialPort
from hardware.serial.protocol import MessageType
from hardware.serial.receiver import Receiver
from sim.errors import LinkError


class Stepper:
    """Moves the time of one virtual robot.

    Args:
        port: open.
        receiver: of the port.
        sender: what the host wants to say.
        session: in charge.
        heartbeat: returns the bytes of the next heartbeat; its answer, which faults may keep back, shows a live line.
    """

    def __init__(
        self,
        port: SerialPort,
        receiver: Receiver,
        sender: StepSender[bytes],
        session: int,
        heartbeat: Callable[[], bytes],
    ) -> None:
        self._port, self._receiver, self._sender = port, receiver, sender
        self._session, self._heartbeat = session, heartbeat
        self._number = 0

    def step(self) -> int | None:
        """Let the robot live for one control period; returns its time after that, ms, or ``None``: no answer."""
        self._number = (self._number + 1) & 0xFFFF
        try:
            self._sender.flush()
            self._port.write(self._heartbeat())
            self._port.write(encode(Frame(MessageType.STEP, self._number, encode_session(self._session))))
        except LinkError:
            return None
        self._receiver.wait_for(self._answered, ANSWER_TIMEOUT_S)
        moved = self._receiver.moved
        return None if moved is None or moved[0] != self._number else moved[1]

    def _answered(self) -> bool:
        moved, refusal = self._receiver.moved, self._receiver.refusal
        if moved is not None and moved[0] == self._number:
            return True
        return refusal is not None and refusal.type == MessageType.STEP
