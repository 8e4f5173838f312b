"""Getting the motors: from the robot's own controller, and from nobody else.

A released robot is limp, so it is held at once and listened to afterwards; one that had been released
before may be somebody's, so it is listened to first.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hardware.clock import NS
from hardware.dds.exchange import Exchange
from hardware.dds.motion_switcher import MotionSwitcher
from hardware.lock_step import Companion, LockStepClock
from sim.errors import LinkError

LISTEN_S = 0.3
"""How long other controllers are listened for: 150 periods of one that sends at 500 Hz."""
SETTLE_S = 0.05
"""After the release: until the last commands of the built-in controller are through."""
JOIN_S = 1.0
"""Longest wait for an attempt under way to notice that the link closes."""


Pause = Callable[[float], None]
"""Waits for so many seconds."""


class TakeOver:
    """One attempt, in a thread of its own.

    Args:
        exchange: with the robot.
        switcher: of the robot.
        motors: (n,) motor of each joint.

    Attributes:
        failure: why it failed, for people; empty if it did not.
        done_ns: when the robot was taken over, 0 before.
    """

    def __init__(self, exchange: Exchange, switcher: MotionSwitcher, motors: NDArray[np.intp]) -> None:
        self._exchange, self._switcher, self._motors = exchange, switcher, motors
        self.failure = ""
        self.done_ns = 0
        self._cancelled = threading.Event()
        self._pause: Pause = time.sleep
        self._companion: Companion | None = None
        self._thread: threading.Thread | None = None
        if isinstance(exchange.clock, LockStepClock):
            self._companion = Companion(exchange.clock, self._run_paused)
        else:
            self._thread = threading.Thread(target=self._run, name="dds-take-over", daemon=True)
            self._thread.start()

    @property
    def under_way(self) -> bool:
        """Whether it goes on."""
        part = self._companion or self._thread
        return part is not None and (part.alive if isinstance(part, Companion) else part.is_alive())

    def cancel(self) -> None:
        """Take nothing over any more: the host has changed its mind."""
        self._cancelled.set()

    def join(self) -> None:
        """Wait for its end, at most a second."""
        if self._companion is not None:
            self._companion.stop()
        if self._thread is not None:
            self._thread.join(JOIN_S)

    def _run_paused(self, pause: Pause) -> None:
        self._pause = pause
        self._run()

    def _run(self) -> None:
        commands, released = self._exchange.commands, False
        try:
            torque = self._motor_states()["tau_est"].copy()  # while its own controller still has the joints
            if self._switcher.active_mode():
                self._refuse_if_cancelled()
                self._switcher.release(self._pause)
                released = True
                self._hold(torque, SETTLE_S)
                refuse_others(self._exchange, self._pause)
            else:
                refuse_others(self._exchange, self._pause)
                self._hold(torque, 0.0)
        except Exception as error:  # noqa: BLE001 (whatever it is, a robot that was let go must not stay limp)
            self.failure = str(error) or type(error).__name__
            with contextlib.suppress(LinkError):  # closed meanwhile: nothing is sent any more
                self._exchange.apply(commands.catch if released else commands.give_up, self.failure)

    def _hold(self, torque: NDArray[np.float32], grace_s: float) -> None:
        """Hold the robot where it is, by the torque it had; commands of others do not count for ``grace_s``."""
        exchange = self._exchange
        exchange.forget_refusals(grace_s)
        if exchange.states.remote_stop:
            raise LinkError("the stop buttons of the remote are down: release them and try again")
        self.done_ns = exchange.clock.now_ns()
        exchange.apply(self._arm, exchange.commands.holding(self._motor_states()["q"], torque))

    def _motor_states(self) -> Any:
        """Return the newest ``motor_state`` of every joint."""
        frame = self._exchange.states.frame
        if frame is None:
            raise LinkError("the robot's state is not known: try again")
        return frame.record["motor_state"][self._motors]

    def _arm(self, pose: NDArray[np.float64]) -> None:
        """Arm unless the host has changed its mind; under the exchange's lock, so that no stop gets in between."""
        self._refuse_if_cancelled()
        self._exchange.commands.arm(pose.tolist(), self.done_ns)

    def _refuse_if_cancelled(self) -> None:
        if self._cancelled.is_set():
            raise LinkError("stopped before the robot was taken over")


def count_others(exchange: Exchange, pause: Pause | None = None) -> int:
    """Return how many commands of other controllers come in ``LISTEN_S``."""
    before = exchange.foreign_commands
    if pause is None:
        exchange.clock.sleep_until(exchange.clock.now_ns() + round(LISTEN_S * NS))
    else:
        pause(LISTEN_S)
    exchange.receive()
    return exchange.foreign_commands - before


def refuse_others(exchange: Exchange, pause: Pause | None = None) -> None:
    """Make sure that nobody else commands the motors.

    Raises:
        LinkError: if somebody does.
    """
    if others := count_others(exchange, pause):
        raise LinkError(
            f"another controller publishes on rt/lowcmd ({others} commands in {LISTEN_S:g} s): stop it first"
        )
