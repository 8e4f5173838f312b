"""Time for a host whose robot is simulated in lock-step: the robot's own, and it stands still until the host moves it.

The control loop sleeps until its next deadline; here that means: send everything that was left to be
sent, let the robot live for one control period, and have everything it said meanwhile before going on. So
a run takes as long as it takes, on however slow or busy a computer, and comes out the same to the bit.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from hardware.clock import NS
from sim.errors import ConfigError, LinkError

MS = NS // 1000
ANSWER_TIMEOUT_S = 15.0
"""Longest wait, of real time, for a robot to live through one period: after that its process counts as gone."""
FIRST_STEP_NS = 10 * MS
"""What a step is taken to last until the first one has shown it."""

T = TypeVar("T")


class LockStepClock:
    """The robot's time as its host knows it.

    Args:
        step: lets the robot live for one of its control periods and returns its time after that, ms; ``None``
            if it does not answer. Whatever the robot said meanwhile has been received when it returns.
    """

    def __init__(self, step: Callable[[], int | None]) -> None:
        self.lost = False
        """The robot has not answered; time goes on without it, so that the control loop comes to its safe end."""
        self._step = step
        self._now_ns = 0
        self._step_ns = FIRST_STEP_NS
        self._moving = False
        self._companions: list[Companion] = []

    def join(self, companion: Companion) -> None:
        """Give a companion its turn after every step, until it ends."""
        self._companions.append(companion)

    def now_ns(self) -> int:
        """The robot's time; during a step already that at its end: what arrives then is that new."""
        return self._now_ns + (self._step_ns if self._moving else 0)

    def start(self) -> None:
        """Take over the robot's time by a first step."""
        self._move()

    def sleep_until(self, deadline_ns: int) -> None:
        """Let the robot live until then, in whole periods."""
        while self._now_ns < deadline_ns:
            self._move()

    def _move(self) -> None:
        robot_ms = None
        if not self.lost:
            self._moving = True
            try:
                robot_ms = self._step()
            finally:
                self._moving = False
        self.lost = robot_ms is None
        after_ns = self._now_ns + self._step_ns if robot_ms is None else robot_ms * MS
        if self._now_ns and after_ns > self._now_ns:
            self._step_ns = after_ns - self._now_ns
        self._now_ns = max(after_ns, self._now_ns + 1)
        self._companions = [companion for companion in self._companions if companion.turn()]


class Companion:
    """A thread that lives in the robot's time beside the control loop: only one of the two runs at any moment.

    Args:
        clock: of the robot.
        work: its life; calls ``pause`` where another thread would sleep.
    """

    def __init__(self, clock: LockStepClock, work: Callable[[Callable[[float], None]], None]) -> None:
        self._clock, self._work = clock, work
        self._baton = threading.Condition()
        self._running, self._ended, self._stopped = True, False, False
        self._until_ns = 0
        self._thread = threading.Thread(target=self._run, name="lock-step-companion", daemon=True)
        self._thread.start()
        self._wait_for_pause()
        clock.join(self)

    @property
    def alive(self) -> bool:
        """Whether its life goes on."""
        return not self._ended

    def turn(self) -> bool:
        """Let it run up to its next pause if that is due; returns whether its life goes on."""
        if self.alive and self._clock.now_ns() >= self._until_ns:
            self._wake()
        return self.alive

    def stop(self) -> None:
        """End it: its pause raises a ``LinkError``."""
        self._stopped = True
        if self.alive:
            self._wake()

    def _wake(self) -> None:
        with self._baton:
            self._running = True
            self._baton.notify_all()
        self._wait_for_pause()

    def _wait_for_pause(self) -> None:
        with self._baton:
            self._baton.wait_for(lambda: self._ended or not self._running, ANSWER_TIMEOUT_S)

    def _pause(self, seconds: float) -> None:
        with self._baton:
            self._until_ns = self._clock.now_ns() + round(seconds * NS)
            self._running = False
            self._baton.notify_all()
            self._baton.wait_for(lambda: self._running)
        if self._stopped:
            raise LinkError("the link was closed")

    def _run(self) -> None:
        try:
            self._work(self._pause)
        finally:
            with self._baton:
                self._ended = True
                self._baton.notify_all()


def split_clock(uri: str) -> tuple[str, bool]:
    """Take ``clock=robot`` out of a URI; returns the rest, and whether it was there.

    Raises:
        ConfigError: for another clock.
    """
    place, _, query = uri.partition("?")
    items = [item for item in query.split("&") if item]
    clocks = [item.removeprefix("clock=") for item in items if item.startswith("clock=")]
    if any(clock not in ("robot", "host") for clock in clocks):
        raise ConfigError(f"malformed URI '{uri}': the clock is 'host' or, of a virtual robot in lock-step, 'robot'")
    rest = "&".join(item for item in items if not item.startswith("clock="))
    return (f"{place}?{rest}" if rest else place), "robot" in clocks


def not_in_lock_step(uri: str) -> LinkError:
    """Return the error of a robot that does not let its host move its time."""
    return LinkError(
        f"{uri}: this robot's time does not wait for its host: leave clock=robot away,"
        " or start the virtual robot with --lock-step"
    )


class StepSender(Generic[T]):
    """Stands in for a link's sending thread: keeps messages until the robot's time moves. No thread, nothing by chance.

    Args:
        send: sends one message.
    """

    alive = True

    def __init__(self, send: Callable[[T], None]) -> None:
        self._send = send
        self._urgent: deque[T] = deque()
        self._command: T | None = None
        self._measurement: T | None = None

    def command(self, message: T) -> None:
        """Replace the command waiting to be sent."""
        self._command = message

    setpoint = command

    def measurement(self, message: T) -> None:
        """Replace the external measurement waiting to be sent; it goes behind commands."""
        self._measurement = message

    def urgent(self, *messages: T) -> None:
        """Drop the waiting command and send these first."""
        self._command = None
        self._urgent.extend(messages)

    def flush(self) -> None:
        """Send everything that waits."""
        waiting = [*self._urgent, *(m for m in (self._command, self._measurement) if m is not None)]
        self._urgent.clear()
        self._command = self._measurement = None
        for message in waiting:
            self._send(message)

    def drain(self, timeout_s: float) -> bool:
        """Send what is urgent, at the close of the link."""
        self._command = self._measurement = None
        self.flush()
        return True

    def stop(self, timeout_s: float = 0.0) -> None:
        """Nothing to end."""
