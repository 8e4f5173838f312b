"""Timers and rates (rclpy.timer)."""

from __future__ import annotations

import inspect
import threading
import time
from collections.abc import Callable
from typing import Any

from hardware.ros2.rclpy.clock import Clock, ROSClock
from hardware.ros2.rclpy.exceptions import InvalidHandle, ROSInterruptException


class TimerInfo:
    """When a timer's call was due and when it came, ns of the timer's clock."""

    def __init__(self, expected_call_time: int, actual_call_time: int) -> None:
        self.expected_call_time, self.actual_call_time = expected_call_time, actual_call_time


class Timer:
    """Calls back each period, on a fixed grid: a late call does not move the next.

    Wall clocks are counted with the monotonic clock, so that a correction of the system's time moves no
    timer. Under simulated time the timer follows /clock.

    Args:
        callback: called without arguments (or with a ``TimerInfo``, if it takes one).
        callback_group: see ``rclpy.callback_groups``.
        timer_period_ns: period.
        clock: whose time counts.
        context: whose shutdown ends it.
        autostart: start now, else with ``reset``.
    """

    def __init__(
        self,
        callback: Callable[..., Any] | None,
        callback_group: Any,
        timer_period_ns: int,
        clock: Clock,
        *,
        context: Any = None,
        autostart: bool = True,
    ) -> None:
        if timer_period_ns < 0:
            raise ValueError("timer period must be non-negative")
        self.callback = callback
        self.callback_group = callback_group
        self._period_ns = int(timer_period_ns)
        self._clock = clock
        self._destroyed = False
        self._canceled = not autostart
        self._wake: Callable[[], None] = lambda: None
        self._last_ns = self._now()
        self._next_ns = self._last_ns + self._period_ns

    @property
    def callback(self) -> Callable[..., Any] | None:
        """What is called."""
        return self._callback

    @callback.setter
    def callback(self, value: Callable[..., Any] | None) -> None:
        self._wants_info = value is not None and _takes_argument(value)
        self._callback = value

    @property
    def clock(self) -> Clock:
        """Whose time counts."""
        return self._clock

    @property
    def timer_period_ns(self) -> int:
        """The period, ns."""
        self._require()
        return self._period_ns

    @timer_period_ns.setter
    def timer_period_ns(self, value: int) -> None:
        self._period_ns = int(value)
        self.reset()

    def is_ready(self) -> bool:
        """Whether a call is due."""
        return not self._canceled and not self._destroyed and self._now() >= self._next_ns

    def is_canceled(self) -> bool:
        """Whether it is stopped."""
        return self._canceled

    def cancel(self) -> None:
        """Stop until ``reset``."""
        self._canceled = True

    def reset(self) -> None:
        """Start a new period now."""
        self._require()
        self._next_ns = self._now() + self._period_ns
        self._canceled = False
        self._wake()

    def time_since_last_call(self) -> int:
        """Time since the last call, ns."""
        return self._now() - self._last_ns

    def time_until_next_call(self) -> int | None:
        """Time until the next call, ns; None if it is stopped."""
        return None if self._canceled else self._next_ns - self._now()

    def destroy(self) -> None:
        """Stop for good."""
        self._destroyed = True

    @property
    def handle(self) -> Timer:
        """Itself; rclpy has its C handle here."""
        self._require()
        return self

    def _work(self) -> Callable[[], Any] | None:
        callback = self._callback
        info = self._advance() if callback is not None else None
        if callback is None or info is None:
            return None
        return (lambda: callback(info)) if self._wants_info else callback

    def _advance(self) -> TimerInfo | None:
        """Note a call; None if none is due any more."""
        now = self._now()
        if self._canceled or self._destroyed or now < self._next_ns:
            return None
        info = TimerInfo(self._next_ns, now)
        self._last_ns = now
        self._next_ns += self._period_ns
        if self._next_ns <= now:  # missed periods are skipped, the grid stays
            self._next_ns = (
                now if self._period_ns == 0 else now + self._period_ns - (now - self._next_ns) % self._period_ns
            )
        return info

    def _due_in_ns(self) -> int | None:
        """Wall time until the next call, None if it does not depend on wall time."""
        if self._canceled or self._destroyed:
            return None
        if self._follows_simulation():
            return 0 if self._now() >= self._next_ns else None
        return max(0, self._next_ns - self._now())

    def _time_jumped(self) -> None:
        """Simulated time started, ended or ran back: count the period anew."""
        now = self._now()
        if not now <= self._next_ns <= now + self._period_ns:
            self._next_ns = now + self._period_ns if self._next_ns - now > self._period_ns else self._next_ns

    def _follows_simulation(self) -> bool:
        return isinstance(self._clock, ROSClock) and self._clock.ros_time_is_active

    def _now(self) -> int:
        return self._clock.now().nanoseconds if self._follows_simulation() else time.monotonic_ns()

    def _require(self) -> None:
        if self._destroyed:
            raise InvalidHandle("the timer was destroyed")


def _takes_argument(callback: Callable[..., Any]) -> bool:
    """Whether a callback needs one argument, the ``TimerInfo``."""
    try:
        signature = inspect.signature(callback)
        signature.bind()
    except TypeError:
        return True
    except ValueError:  # a built-in that does not tell
        return False
    return False


class Rate:
    """Sleeps in a fixed rhythm, by a timer that another thread's executor serves.

    Args:
        timer: with the period.
        context: whose shutdown ends a sleep.
    """

    def __init__(self, timer: Timer, *, context: Any) -> None:
        self._timer = timer
        self._context = context
        self._event = threading.Event()
        self._destroyed = False
        timer.callback = self._event.set
        context.add_waker(self)

    def wake(self) -> None:
        """End a sleep, because the context is shut down."""
        if not self._context.ok():
            self._event.set()

    def destroy(self) -> None:
        """End the rate and its sleeps."""
        self._destroyed = True
        self._event.set()

    def sleep(self) -> None:
        """Sleep until the next beat.

        Raises:
            ROSInterruptException: if the context or the rate ends.
        """
        if not self._context.ok() or self._destroyed:
            raise ROSInterruptException()
        self._event.wait()
        self._event.clear()
        if not self._context.ok() or self._destroyed:
            raise ROSInterruptException()
