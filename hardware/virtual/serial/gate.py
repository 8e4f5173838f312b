"""Which command may reach the motors: the newest of the session in charge, whole, finite and in range.

It sees commands whose frame was undamaged; sequence, count and range are what is left to doubt.
"""

from __future__ import annotations

from collections.abc import Sequence

from hardware.serial.messages import Command
from hardware.serial.protocol import MAX_SEQUENCE_STEP, ProtocolError, Refusal


class CommandGate:
    """Checks the commands of one session after the other.

    Args:
        low: (n,) smallest command of each channel.
        high: (n,) largest.
    """

    def __init__(self, low: Sequence[float], high: Sequence[float]) -> None:
        self.low, self.high = tuple(low), tuple(high)
        self.sequence = 0
        """Of the last command that passed; 0 before the first."""

    def restart(self) -> None:
        """Begin a new session: its commands count from 1."""
        self.sequence = 0

    def check(self, command: Command) -> None:
        """Pass a command or refuse it.

        Raises:
            ProtocolError: saying what is wrong with it.
        """
        count = len(self.low)
        if len(command.channels) != count:
            raise ProtocolError(Refusal.CHANNEL_COUNT, f"{len(command.channels)} channels, expected {count}", count)
        if not all(low <= value <= high for low, value, high in zip(self.low, command.channels, self.high)):
            raise ProtocolError(Refusal.OUT_OF_RANGE, "a channel is out of range")
        if not 0 < command.sequence - self.sequence <= MAX_SEQUENCE_STEP:
            raise ProtocolError(Refusal.OLD_SEQUENCE, f"command {command.sequence} after {self.sequence}")
        self.sequence = command.sequence
