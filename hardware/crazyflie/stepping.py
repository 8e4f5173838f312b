"""One period of a virtual Crazyflie in lock-step: send what waits, let its time move, have everything it says.

An echo request of the link port does it, as long as cflib's own and marked by its first byte; the answer
carries the robot's time, comes after everything else, and no fault keeps it back.
"""

from __future__ import annotations

import struct
import threading
from typing import Any

from cflib.crazyflie import Crazyflie
from cflib.crtp.crtpstack import CRTPPacket, CRTPPort

from hardware.lock_step import ANSWER_TIMEOUT_S, StepSender

ECHO = 0
"""Channel of the link port."""
STEP = struct.Struct("<BII")
"""Mark, number of the step, the robot's time after it in ms."""
MARK = 0x53
UNKNOWN_MS = 0xFFFFFFFF
"""Time in a request; a robot that is not in lock-step sends it back as it is."""
PING_EVERY = 3
"""Steps between two pings, whose answers, unlike those of steps, the link's faults may keep back."""


class Stepper:
    """Moves the time of one virtual robot.

    Args:
        crazyflie: connected.
        sender: what the host wants to say.
    """

    def __init__(self, crazyflie: Crazyflie, sender: StepSender[Any]) -> None:
        self._crazyflie, self._sender = crazyflie, sender
        self._number = 0
        self._robot_ms = UNKNOWN_MS
        self._answered = threading.Event()

    def step(self) -> int | None:
        """Let the robot live for one control period; returns its time after that, ms, or ``None``: no answer."""
        self._sender.flush()
        if self._number % PING_EVERY == 0:
            self._crazyflie.link_statistics.latency.ping()
        self._number += 1
        self._robot_ms = UNKNOWN_MS
        self._answered.clear()
        packet = CRTPPacket()
        packet.set_header(CRTPPort.LINKCTRL, ECHO)
        packet.data = STEP.pack(MARK, self._number, UNKNOWN_MS)
        self._crazyflie.send_packet(packet)
        self._answered.wait(ANSWER_TIMEOUT_S)
        return None if self._robot_ms == UNKNOWN_MS else self._robot_ms

    def take(self, packet: Any) -> bool:
        """Look at a packet that arrived; returns whether it answers a step. Called on cflib's receiving thread."""
        if packet.port != CRTPPort.LINKCTRL or packet.channel != ECHO or len(packet.data) != STEP.size:
            return False
        mark, number, robot_ms = STEP.unpack(bytes(packet.data))
        if mark != MARK:
            return False
        if number == self._number:
            self._robot_ms = robot_ms
            self._answered.set()
        return True
