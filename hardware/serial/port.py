"""A serial device or TCP socket by pyserial: opened with errors that say what to do, read without polling."""

from __future__ import annotations

import contextlib
import errno
import os
import select
from typing import Any

import serial
from serial.tools import list_ports

from hardware.serial.uri import SerialAddress
from sim.errors import LinkError

WRITE_TIMEOUT_S = 0.25
"""A port that takes no bytes for so long is gone, or its robot does not read."""
CHUNK = 4096


class SerialPort:
    """One open port.

    Args:
        uri: for messages.
        address: of the port.
        write_timeout_s: longest wait for room.

    Raises:
        LinkError: if it cannot be opened; says why and what to do.
    """

    def __init__(self, uri: str, address: SerialAddress, write_timeout_s: float = WRITE_TIMEOUT_S) -> None:
        self._uri = uri
        options: dict[str, Any] = {"timeout": 0, "write_timeout": write_timeout_s}
        if address.device:
            options |= {"baudrate": address.baud, "exclusive": True}
        try:
            self._serial = serial.serial_for_url(address.pyserial_url, **options)
        except (OSError, ValueError) as error:  # pyserial's SerialException is an OSError
            raise LinkError(_why_not_open(uri, address, error)) from None

    def read(self, timeout_s: float) -> bytes:
        """Return what has arrived, or nothing after ``timeout_s``.

        Raises:
            LinkError: if the port is gone.
        """
        try:
            ready, _, _ = select.select([self._serial.fileno()], [], [], timeout_s)
            return bytes(self._serial.read(CHUNK)) if ready else b""
        except (OSError, ValueError, TypeError) as error:  # TypeError: closed by another thread meanwhile
            raise LinkError(f"{self._uri}: the port was lost ({_text(error)}); check the cable") from None

    def write(self, data: bytes) -> None:
        """Send bytes, waiting at most ``write_timeout_s`` for room.

        Raises:
            LinkError: if the port is gone or takes nothing.
        """
        try:
            self._serial.write(data)
        except serial.SerialTimeoutException:
            raise LinkError(f"{self._uri}: the port takes no more bytes; restart the robot") from None
        except (OSError, ValueError, TypeError) as error:
            raise LinkError(f"{self._uri}: the port was lost ({_text(error)}); check the cable") from None

    def close(self) -> None:
        """Free the port; never raises."""
        with contextlib.suppress(OSError, ValueError, TypeError):
            self._serial.close()


def _why_not_open(uri: str, address: SerialAddress, error: Exception) -> str:
    if not address.device:
        return f"nobody answers at {uri}; start the robot there, or check host and port"
    device, number = address.device, getattr(error, "errno", None)
    if number == errno.ENOENT:
        found = ", ".join(port.device for port in list_ports.comports()) or "none"
        return f"no serial port {device}: plug the robot in and switch it on (ports found: {found})"
    if number in (errno.EACCES, errno.EPERM):
        return (
            f"no permission for {device}: run 'sudo usermod -a -G dialout {os.environ.get('USER', '$USER')}',"
            " then log out and in again"
        )
    if number in (errno.EBUSY, errno.EAGAIN):
        return f"{device} is in use by another program (a modem manager, a serial monitor?); close that one"
    if isinstance(error, ValueError):
        return f"{uri}: this port cannot run at {address.baud} baud; choose another ?baud=..."
    if number is None or number in (errno.ENOTTY, errno.EISDIR, errno.EINVAL):
        return f"{device} is not a serial port ({_text(error)}); give the robot's port, e.g. /dev/ttyACM0"
    return f"cannot open {device}: {_text(error)}"


def _text(error: Exception) -> str:
    """The reason inside a pyserial or system error, on one line."""
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(str(text).split())
