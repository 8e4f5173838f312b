"""CDR code for one message type, generated once: no reflection while messages flow.

Plain CDR version 1 (XCDR1), DDS-XTypes 1.3 section 7.4.1: a four-byte header, then each value aligned
to its size, counted from after the header; strings and sequences start with a uint32 count. The
generator walks the type, packs runs of fixed-size values into one ``struct`` call each, and writes a
Python function; received counts are checked against the bytes left before anything is made of them.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from hardware.ros2.decode_code import decoder
from hardware.ros2.encode_code import encoder
from hardware.ros2.errors import CdrError, MessageError

HEADER = b"\x00\x01\x00\x00"
"""Encapsulation CDR_LE, options 0 (RTPS 2.5 section 10.2)."""
_ENCODING_FAILURES = (struct.error, AttributeError, TypeError, ValueError, OverflowError)
_DECODING_FAILURES = (struct.error, IndexError, ValueError, OverflowError, MemoryError)


@dataclass(frozen=True)
class Codec:
    """CDR of one message type.

    Attributes:
        name: full name of the type.
        write: ``write(message, buffer)`` appends to a ``bytearray`` that starts with the header.
        read_little, read_big: ``read(data, offset) -> (message, offset)``.
    """

    name: str
    write: Callable[[Any, bytearray], None]
    read_little: Callable[[bytes, int], tuple[Any, int]]
    read_big: Callable[[bytes, int], tuple[Any, int]]

    def encode(self, message: Any, prefix: bytes = b"") -> bytes:
        """Return header and CDR, padded to four bytes.

        Args:
            message: of this type.
            prefix: CDR of what stands before it, a multiple of eight bytes (the header of a service call).

        Raises:
            MessageError: for a message that holds values of another type.
        """
        buffer = bytearray(HEADER)
        buffer += prefix
        try:
            self.write(message, buffer)
        except _ENCODING_FAILURES as error:
            raise MessageError(f"cannot encode {self.name}: {error}") from error
        buffer += bytes(-len(buffer) & 3)
        return bytes(buffer)

    def decode(self, data: bytes, skip: int = 0) -> Any:
        """Return the message in ``data``.

        Args:
            data: header and CDR.
            skip: bytes between the header and the message, a multiple of eight.

        Raises:
            CdrError: for bytes that are no message of this type.
        """
        if len(data) < 4 or data[0] != 0 or data[1] > 1:
            raise CdrError(f"{self.name}: encapsulation {data[:2].hex()} is not plain CDR (0000 or 0001)")
        read = self.read_little if data[1] else self.read_big
        try:
            return read(data, 4 + skip)[0]
        except _DECODING_FAILURES as error:
            raise CdrError(f"{self.name}: malformed sample of {len(data)} bytes: {error}") from error


@cache
def codec(name: str) -> Codec:
    """Return the codec of ``package/msg/Name``.

    Raises:
        ConfigError: for a name that is not known.
    """
    return Codec(name, encoder(name), decoder(name, "<"), decoder(name, ">"))
