"""Where a serial robot is: ``serial:///dev/ttyACM0?baud=921600``, or ``serial://host:port`` for one behind TCP."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from sim.errors import ConfigError

DEFAULT_BAUD = 921600
"""A state and a command of a robot with four motors fit 690 times a second; USB ports ignore it."""
EXAMPLE = "serial:///dev/ttyACM0?baud=921600"
TCP_EXAMPLE = "serial://127.0.0.1:5760"


@dataclass(frozen=True)
class SerialAddress:
    """A serial device or a TCP port."""

    device: str = ""
    """Path of the device; empty for TCP."""
    baud: int = DEFAULT_BAUD
    host: str = ""
    port: int = 0
    lock_step: bool = False
    """The clock is the robot's, and moves with the host's commands: a virtual robot in lock-step."""

    @property
    def pyserial_url(self) -> str:
        """What ``serial.serial_for_url`` takes."""
        return self.device or f"socket://{self.host}:{self.port}"


def parse_serial_uri(uri: str) -> SerialAddress:
    """Read a serial robot's URI.

    Raises:
        ConfigError: saying how it should look.
    """
    try:
        parts = urlsplit(uri)
        port, query = parts.port, parse_qs(parts.query, strict_parsing=bool(parts.query))
        baud = int(query.pop("baud", [str(DEFAULT_BAUD)])[0])
        clock = query.pop("clock", ["host"])[0]
    except ValueError:
        raise _malformed(uri) from None
    if (
        parts.scheme != "serial"
        or query
        or parts.fragment
        or clock not in ("host", "robot")
        or not 0 < baud <= 20_000_000
    ):
        raise _malformed(uri)
    if parts.netloc:
        if not parts.hostname or not port or parts.path or "baud" in parts.query or parts.username is not None:
            raise _malformed(uri)
        return SerialAddress(host=parts.hostname, port=port, lock_step=clock == "robot")
    if len(parts.path) < 2 or parts.path.endswith("/") or not parts.path.isprintable():
        raise _malformed(uri)
    return SerialAddress(device=parts.path, baud=baud, lock_step=clock == "robot")


def _malformed(uri: str) -> ConfigError:
    return ConfigError(f"malformed URI '{uri}': expected {EXAMPLE}, or {TCP_EXAMPLE} for a robot behind TCP")
