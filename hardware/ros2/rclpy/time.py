"""Points in time of a kind of clock (rclpy.time)."""

from __future__ import annotations

from typing import Any

from hardware.ros2.messages import message_class
from hardware.ros2.rclpy.clock_type import ClockType
from hardware.ros2.rclpy.duration import S_TO_NS, Duration

CONVERSION_CONSTANT = S_TO_NS


class Time:
    """A point in time; only times of the same clock type compare or subtract.

    Raises:
        ValueError: for a negative time.
        OverflowError: beyond 64 bits of nanoseconds.
    """

    def __init__(
        self, *, seconds: float = 0, nanoseconds: int = 0, clock_type: ClockType = ClockType.SYSTEM_TIME
    ) -> None:
        if not isinstance(clock_type, ClockType):
            raise TypeError("Clock type must be a ClockType enum")
        if seconds < 0 or nanoseconds < 0:
            raise ValueError("Seconds and nanoseconds value must not be negative")
        total = int(seconds * S_TO_NS) + int(nanoseconds)
        if total >= 2**63:
            raise OverflowError("Total nanoseconds value is too large to store in C time point.")
        self._nanoseconds = total
        self._clock_type = clock_type

    @property
    def nanoseconds(self) -> int:
        """Time since the clock's epoch, ns."""
        return self._nanoseconds

    @property
    def clock_type(self) -> ClockType:
        """The kind of clock."""
        return self._clock_type

    def seconds_nanoseconds(self) -> tuple[int, int]:
        """The time as whole seconds and the nanoseconds left."""
        return divmod(self._nanoseconds, S_TO_NS)  # type: ignore[return-value]

    def to_msg(self) -> Any:
        """Return a builtin_interfaces/msg/Time."""
        seconds, nanoseconds = divmod(self._nanoseconds, S_TO_NS)
        return message_class("builtin_interfaces/msg/Time")(sec=seconds, nanosec=nanoseconds)

    @classmethod
    def from_msg(cls, msg: Any, clock_type: ClockType = ClockType.ROS_TIME) -> Time:
        """Make one from a builtin_interfaces/msg/Time."""
        if not isinstance(msg, message_class("builtin_interfaces/msg/Time")):
            raise TypeError("Must pass a builtin_interfaces.msg.Time object")
        return cls(seconds=msg.sec, nanoseconds=msg.nanosec, clock_type=clock_type)

    def __repr__(self) -> str:
        return f"Time(nanoseconds={self._nanoseconds}, clock_type={self._clock_type.name})"

    def __add__(self, other: Any) -> Time:
        if not isinstance(other, Duration):
            return NotImplemented
        return Time(nanoseconds=self._nanoseconds + other.nanoseconds, clock_type=self._clock_type)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        if isinstance(other, Time):
            return Duration(nanoseconds=self._nanoseconds - self._same_clock(other, "subtract"))
        if isinstance(other, Duration):
            return Time(nanoseconds=self._nanoseconds - other.nanoseconds, clock_type=self._clock_type)
        return NotImplemented

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Time):
            return NotImplemented
        return self._nanoseconds == self._same_clock(other, "compare")

    def __hash__(self) -> int:
        return hash((self._nanoseconds, self._clock_type))

    def __lt__(self, other: Time) -> bool:
        return self._nanoseconds < self._same_clock(other, "compare")

    def __le__(self, other: Time) -> bool:
        return self._nanoseconds <= self._same_clock(other, "compare")

    def __gt__(self, other: Time) -> bool:
        return self._nanoseconds > self._same_clock(other, "compare")

    def __ge__(self, other: Time) -> bool:
        return self._nanoseconds >= self._same_clock(other, "compare")

    def _same_clock(self, other: Time, action: str) -> int:
        if not isinstance(other, Time):
            raise TypeError(f"Can't {action} times with object of type {type(other)}")
        if self._clock_type != other._clock_type:
            raise TypeError(f"Can't {action} times with different clock types")
        return other._nanoseconds
