"""What ``--port`` may say: a serial device, or a TCP socket behind which one is."""

from __future__ import annotations

from urllib.parse import urlsplit

from hardware.serial.port import SerialPort
from hardware.serial.uri import SerialAddress
from sim.errors import ConfigError

BAUD = 500_000
"""Of the policy server (``targets/stm32f405/board.c``); USB ports and emulators ignore it."""

WRITE_TIMEOUT_S = 30.0
"""Longest wait for room: QEMU takes some bytes per millisecond, and a request that carries images has tens of kB."""


def open_port(text: str) -> SerialPort:
    """Open a port.

    Args:
        text: e.g. ``/dev/ttyACM0`` or ``socket://127.0.0.1:5555``.

    Raises:
        ConfigError: if it is neither.
        LinkError: if it cannot be opened; says why and what to do.
    """
    return SerialPort(text, parse_port(text), WRITE_TIMEOUT_S)


def parse_port(text: str) -> SerialAddress:
    """Read a port's name.

    Raises:
        ConfigError: saying how it should look.
    """
    if "://" not in text:
        if not text or not text.isprintable():
            raise _malformed(text)
        return SerialAddress(device=text, baud=BAUD)
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise _malformed(text) from None
    if parts.scheme != "socket" or not parts.hostname or not port or parts.path or parts.query or parts.fragment:
        raise _malformed(text)
    return SerialAddress(host=parts.hostname, port=port)


def _malformed(text: str) -> ConfigError:
    return ConfigError(f"malformed port '{text}': expected qemu, a device like /dev/ttyACM0, or socket://HOST:PORT")
