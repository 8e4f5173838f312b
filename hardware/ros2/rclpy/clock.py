"""Clocks (rclpy.clock): system, steady, and ROS time, which follows /clock under ``use_sim_time``."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable
from enum import IntEnum
from typing import Any

from hardware.ros2.rclpy.clock_type import ClockType
from hardware.ros2.rclpy.duration import Duration
from hardware.ros2.rclpy.exceptions import NotInitializedException
from hardware.ros2.rclpy.time import Time


class ClockChange(IntEnum):
    """What a time jump did to a ROS clock."""

    ROS_TIME_NO_CHANGE = 1
    ROS_TIME_ACTIVATED = 2
    ROS_TIME_DEACTIVATED = 3
    SYSTEM_TIME_NO_CHANGE = 4


class JumpThreshold:
    """Which jumps a callback hears of.

    Args:
        min_forward: smallest jump ahead.
        min_backward: smallest jump back, negative.
        on_clock_change: also when simulated time starts or ends.
    """

    def __init__(
        self, *, min_forward: Duration | None, min_backward: Duration | None, on_clock_change: bool = True
    ) -> None:
        if not (min_forward is None or min_forward.nanoseconds > 0):
            raise ValueError("min_forward must be a positive non-zero duration")
        if not (min_backward is None or min_backward.nanoseconds < 0):
            raise ValueError("min_backward must be a negative non-zero duration")
        if min_forward is None and min_backward is None and not on_clock_change:
            raise ValueError("At least one jump threshold must be set")
        self.min_forward, self.min_backward = min_forward, min_backward
        self.on_clock_change = on_clock_change


class TimeJump:
    """A jump that happened."""

    def __init__(self, clock_change: ClockChange, delta: Duration) -> None:
        self.clock_change, self.delta = clock_change, delta


class JumpHandle:
    """Keeps a jump callback; ``unregister`` ends it."""

    def __init__(
        self,
        clock: Clock,
        threshold: JumpThreshold,
        pre_callback: Callable[[], None] | None,
        post_callback: Callable[[TimeJump], None] | None,
    ) -> None:
        if pre_callback is None and post_callback is None:
            raise ValueError("One of pre_callback or post_callback must be callable")
        self._clock, self._threshold = clock, threshold
        self._pre, self._post = pre_callback, post_callback
        clock._jump_handles.add(self)

    def unregister(self) -> None:
        """Hear no more."""
        self._clock._jump_handles.discard(self)

    def __enter__(self) -> JumpHandle:
        return self

    def __exit__(self, *_: object) -> None:
        self.unregister()

    def _wants(self, jump: TimeJump) -> bool:
        if jump.clock_change in (ClockChange.ROS_TIME_ACTIVATED, ClockChange.ROS_TIME_DEACTIVATED):
            return self._threshold.on_clock_change
        ahead, back = self._threshold.min_forward, self._threshold.min_backward
        return (ahead is not None and jump.delta >= ahead) or (back is not None and jump.delta <= back)


class Clock:
    """A clock; ``Clock(clock_type=ClockType.ROS_TIME)`` makes a ``ROSClock``."""

    def __new__(cls, *, clock_type: ClockType = ClockType.SYSTEM_TIME) -> Clock:
        """Make a clock of a type."""
        if not isinstance(clock_type, ClockType):
            raise TypeError("Clock type must be a ClockType enum")
        kind: Any = ROSClock if clock_type == ClockType.ROS_TIME else cls
        made = object.__new__(kind)
        made._clock_type = clock_type
        made._jump_handles = set()
        return made

    _clock_type: ClockType
    _jump_handles: set[JumpHandle]

    @property
    def clock_type(self) -> ClockType:
        """The kind of clock."""
        return self._clock_type

    def now(self) -> Time:
        """The time."""
        nanoseconds = time.monotonic_ns() if self._clock_type == ClockType.STEADY_TIME else time.time_ns()
        return Time(nanoseconds=nanoseconds, clock_type=self._clock_type)

    def create_jump_callback(
        self,
        threshold: JumpThreshold,
        *,
        pre_callback: Callable[[], None] | None = None,
        post_callback: Callable[[TimeJump], None] | None = None,
    ) -> JumpHandle:
        """Call back around jumps of at least ``threshold``."""
        return JumpHandle(self, threshold, pre_callback, post_callback)

    def sleep_until(self, until: Time, context: Any = None) -> bool:
        """Sleep until a time of this clock; return False if the context was shut down before."""
        context = _context(context)
        if not isinstance(until, Time):
            raise TypeError("until must be of type Time")
        if until.clock_type != self._clock_type:
            raise ValueError("until's clock type does not match this clock's type")
        with _Sleep(self, context) as sleep:
            while context.ok():
                left = until.nanoseconds - self.now().nanoseconds
                if left <= 0:
                    return True
                sleep.wait(None if _simulated(self) else left * 1e-9)
        return False

    def sleep_for(self, rel_time: Duration, context: Any = None) -> bool:
        """Sleep for a duration of this clock; return False if the context was shut down before."""
        if not isinstance(rel_time, Duration):
            raise TypeError("rel_time must be of type rclpy.duration.Duration")
        return self.sleep_until(self.now() + rel_time, context)

    def __repr__(self) -> str:
        return f"Clock(clock_type={self._clock_type.name})"


class ROSClock(Clock):
    """System time, or simulated time while ``ros_time_is_active``."""

    def __new__(cls) -> ROSClock:  # type: ignore[misc]
        """Make a clock of type ROS_TIME."""
        return super().__new__(cls, clock_type=ClockType.ROS_TIME)  # type: ignore[return-value]

    def __init__(self, **_: Any) -> None:
        self._active = False
        self._simulated_ns = 0
        self._watchers: weakref.WeakSet[Any] = weakref.WeakSet()

    @property
    def ros_time_is_active(self) -> bool:
        """Whether the time is simulated."""
        return self._active

    def now(self) -> Time:
        """The time; 0 under simulated time before the first /clock message."""
        nanoseconds = self._simulated_ns if self._active else time.time_ns()
        return Time(nanoseconds=nanoseconds, clock_type=ClockType.ROS_TIME)

    def set_ros_time_override(self, time: Time) -> None:
        """Set the simulated time."""
        if time.clock_type != ClockType.ROS_TIME:
            raise TypeError("Time must be of type ROS_TIME")
        jump = TimeJump(
            ClockChange.ROS_TIME_NO_CHANGE,
            Duration(nanoseconds=time.nanoseconds - self._simulated_ns if self._active else 0),
        )
        self._change(jump, simulated_ns=time.nanoseconds)

    def _set_ros_time_is_active(self, enabled: bool) -> None:
        if enabled == self._active:
            return
        kind = ClockChange.ROS_TIME_ACTIVATED if enabled else ClockChange.ROS_TIME_DEACTIVATED
        self._change(TimeJump(kind, Duration()), active=enabled)

    def _change(self, jump: TimeJump, *, simulated_ns: int | None = None, active: bool | None = None) -> None:
        handles = [handle for handle in list(self._jump_handles) if handle._wants(jump)]
        for handle in handles:
            if handle._pre is not None:
                handle._pre()
        self._simulated_ns = self._simulated_ns if simulated_ns is None else simulated_ns
        self._active = self._active if active is None else active
        for handle in handles:
            if handle._post is not None:
                handle._post(jump)
        for watcher in list(self._watchers):
            watcher.wake()


class _Sleep:
    """A sleep that ends early when the context shuts down or simulated time moves."""

    def __init__(self, clock: Clock, context: Any) -> None:
        self._event = threading.Event()
        context.add_waker(self)
        if isinstance(clock, ROSClock):
            clock._watchers.add(self)

    def __enter__(self) -> _Sleep:
        return self

    def __exit__(self, *_: object) -> None:
        pass  # both sides hold it weakly

    def wake(self) -> None:
        """Look at the time again."""
        self._event.set()

    def wait(self, timeout_s: float | None) -> None:
        """Sleep until woken."""
        self._event.wait(timeout_s)
        self._event.clear()


def _simulated(clock: Clock) -> bool:
    return isinstance(clock, ROSClock) and clock.ros_time_is_active


def _context(context: Any) -> Any:
    from hardware.ros2.rclpy.utilities import get_default_context

    context = get_default_context() if context is None else context
    if not context.ok():
        raise NotInitializedException()
    return context
