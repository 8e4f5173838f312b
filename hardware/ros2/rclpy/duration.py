"""A length of time in nanoseconds (rclpy.duration)."""

from __future__ import annotations

from typing import Any

from hardware.ros2.messages import message_class

S_TO_NS = 1_000_000_000


class Duration:
    """A signed duration.

    Args:
        seconds: seconds, may be fractional.
        nanoseconds: added to them.

    Raises:
        OverflowError: beyond 64 bits of nanoseconds.
    """

    def __init__(self, *, seconds: float = 0, nanoseconds: int = 0) -> None:
        total = int(seconds * S_TO_NS) + int(nanoseconds)
        if not -(2**63) <= total < 2**63:
            raise OverflowError("Total nanoseconds value is too large to store in C duration.")
        self._nanoseconds = total

    @property
    def nanoseconds(self) -> int:
        """The duration, ns."""
        return self._nanoseconds

    def to_msg(self) -> Any:
        """Return a builtin_interfaces/msg/Duration."""
        seconds, nanoseconds = divmod(self._nanoseconds, S_TO_NS)
        return message_class("builtin_interfaces/msg/Duration")(sec=seconds, nanosec=nanoseconds)

    @classmethod
    def from_msg(cls, msg: Any) -> Duration:
        """Make one from a builtin_interfaces/msg/Duration."""
        if not isinstance(msg, message_class("builtin_interfaces/msg/Duration")):
            raise TypeError("Must pass a builtin_interfaces.msg.Duration object")
        return cls(seconds=msg.sec, nanoseconds=msg.nanosec)

    def __repr__(self) -> str:
        return f"Duration(nanoseconds={self._nanoseconds})"

    def __str__(self) -> str:
        if self == Infinite:
            return "Infinite"
        return f"{self._nanoseconds} nanoseconds"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Duration) and self._nanoseconds == other._nanoseconds

    def __hash__(self) -> int:
        return hash(self._nanoseconds)

    def __lt__(self, other: Duration) -> bool:
        return self._nanoseconds < _nanoseconds(other)

    def __le__(self, other: Duration) -> bool:
        return self._nanoseconds <= _nanoseconds(other)

    def __gt__(self, other: Duration) -> bool:
        return self._nanoseconds > _nanoseconds(other)

    def __ge__(self, other: Duration) -> bool:
        return self._nanoseconds >= _nanoseconds(other)


def _nanoseconds(other: Any) -> int:
    if not isinstance(other, Duration):
        raise TypeError(f"Can't compare duration with object of type: {type(other)}")
    return other.nanoseconds


Infinite = Duration(nanoseconds=2**63 - 1)
"""No limit."""
