"""What stands between cflib and a robot that sends what no Crazyflie should.

CRTP over UDP is untrusted: cflib lets one stray answer of the handshake begin the whole handshake
anew in mid-flight, reads log data that is longer than asked for, and queues without bound.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from cflib.crazyflie import Crazyflie
from cflib.crazyflie.log import LogConfig, LogTocElement
from cflib.crtp.crtpstack import CRTPPort

MOST_QUEUED = 1000
"""Packets waiting for cflib's receiving thread: 2 s of a busy radio; older ones are dropped."""
USED_PORTS = frozenset({CRTPPort.PARAM, CRTPPort.LOGGING})
"""What is still listened to once the tables are there; a packet of any port counts as a sign of life."""


def bound_queue(crazyflie: Crazyflie) -> None:
    """Let a flood of packets push out the oldest instead of filling the memory."""
    waiting = getattr(crazyflie.link, "in_queue", None)
    if waiting is not None:
        with waiting.mutex:
            waiting.queue = deque(waiting.queue, maxlen=MOST_QUEUED)


def ignore_unused_ports(crazyflie: Crazyflie) -> None:
    """Take cflib's handlers off the ports that only the handshake needs: call once fully connected."""
    incoming = crazyflie.incoming
    incoming.cb = [entry for entry in incoming.cb if entry.port in USED_PORTS]  # its thread may be iterating


class ExactLogConfig(LogConfig):
    """A log block whose data is dropped unless it has exactly the size that was asked for."""

    def unpack_log_data(self, log_data: Any, timestamp: int) -> None:
        """Decode and hand out one packet's values; called on cflib's receiving thread."""
        if len(log_data) == sum(LogTocElement.get_size_from_id(variable.fetch_as) for variable in self.variables):
            super().unpack_log_data(log_data, timestamp)
