"""One period of a virtual robot on DDS in lock-step: send, let its time move, have the state it sends."""

from __future__ import annotations

import time

from hardware.dds.exchange import Exchange
from hardware.dds.motion_switcher import MotionSwitcher

STATE_TIMEOUT_S = 1.0
"""Longest wait, of real time, for a state that was sent: DDS does not repeat what a full buffer lost."""
_POLL_S = 0.0002


class Stepper:
    """Moves the time of one virtual robot.

    Args:
        exchange: with the robot; it has no thread of its own.
        switcher: of the robot.
    """

    def __init__(self, exchange: Exchange, switcher: MotionSwitcher) -> None:
        self._exchange, self._switcher = exchange, switcher
        self._sent = 0

    def step(self) -> int | None:
        """Let the robot live for one period of its states; returns its time after that, ms, or ``None``: no answer."""
        exchange = self._exchange
        exchange.cycle()
        commands, self._sent = exchange.sent_commands - self._sent, exchange.sent_commands
        answer = self._switcher.step(commands)
        if answer is None:
            return None
        robot_ms, tick = answer
        deadline = time.monotonic() + STATE_TIMEOUT_S
        exchange.receive()
        while exchange.newest_tick < tick and time.monotonic() < deadline:
            time.sleep(_POLL_S)
            exchange.receive()
        return robot_ms
