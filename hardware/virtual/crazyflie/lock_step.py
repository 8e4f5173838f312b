"""What moves the time of a virtual Crazyflie in lock-step: its client.

Best by steps (``hardware/crazyflie/stepping.py``). A client that knows nothing of them moves time by one
control period with every set-point and every packet for the app on board; while it sends none but waits, cflib's own
pings, ten per second, do so.
"""

from __future__ import annotations

from collections.abc import Callable

from hardware.crazyflie.stepping import MARK, STEP
from hardware.virtual.crazyflie.crtp import Packet, Port
from hardware.virtual.crazyflie.services.link import ECHO
from hardware.virtual.crazyflie.services.platform import APP

PINGS_FIRST = 5
"""More pings in a row than these mean that a client waits for time to pass: a handshake has other packets, too."""
_SETPOINTS = (Port.COMMANDER, Port.COMMANDER_GENERIC)
_APP = (Port.PLATFORM, APP)


class ClientTime:
    """Moves time as the client's packets say.

    Args:
        period_ms: control period.
        move: lets the robot live for so many milliseconds.
        now_ms: returns its time.
    """

    def __init__(self, period_ms: int, move: Callable[[int], None], now_ms: Callable[[], int]) -> None:
        self._period_ms, self._move, self._now_ms = period_ms, move, now_ms
        self._steps = False
        self._pings = 0
        self.begun = False
        """The client has moved time."""

    def new_client(self) -> None:
        """Forget what the client before knew of steps."""
        self._steps = False
        self._pings = 0

    def step(self, datagram: bytes) -> bytes | None:
        """Move time if this is a step; returns its answer, to be sent when everything else was."""
        if not _is_echo(datagram) or len(datagram) != 1 + STEP.size:
            return None
        mark, number, _ = STEP.unpack_from(datagram, 1)
        if mark != MARK:
            return None
        self._steps = self.begun = True
        self._move(self._period_ms)
        return Packet(Port.LINK, ECHO, STEP.pack(MARK, number, self._now_ms() & 0xFFFFFFFF)).encode()

    def after(self, datagram: bytes) -> None:
        """Move time if a client without steps does so with this packet, which the robot has got already."""
        if self._steps or not datagram:
            return
        port, channel = datagram[0] >> 4, datagram[0] & 3
        self._pings = self._pings + 1 if _is_echo(datagram) else 0
        if (port in _SETPOINTS and channel == 0) or (port, channel) == _APP or self._pings > PINGS_FIRST:
            self.begun = True
            self._move(self._period_ms)


def _is_echo(datagram: bytes) -> bool:
    return bool(datagram) and datagram[0] >> 4 == Port.LINK and datagram[0] & 3 == ECHO
