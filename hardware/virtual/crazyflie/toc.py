"""Table of contents: the list of names and types that a client downloads once and caches by CRC."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

from hardware.virtual.crazyflie.crtp import MalformedPacketError

CMD_ITEM_V2 = 2
CMD_INFO_V2 = 3


@dataclass(frozen=True)
class TocEntry:
    """One named variable."""

    name: str
    """``group.name``."""
    kind: int
    """Type byte: type code and, for parameters, flags."""

    def encode(self) -> bytes:
        """Return the type byte, then group and name, each with a terminating zero."""
        group, name = self.name.split(".")
        return bytes((self.kind,)) + group.encode() + b"\0" + name.encode() + b"\0"


class Toc:
    """Answers item and info requests; ids are positions in the list."""

    def __init__(self, entries: list[TocEntry], limits: bytes = b"") -> None:
        """``limits`` follows the CRC in the info reply (the log port adds its largest blocks and variables)."""
        self.entries = entries
        self.ids = {entry.name: number for number, entry in enumerate(entries)}
        self._encoded = [entry.encode() for entry in entries]
        crc = zlib.crc32(b"".join(self._encoded))
        self._info = struct.pack("<BHI", CMD_INFO_V2, len(entries), crc) + limits

    def answer(self, data: bytes) -> bytes:
        """Return the reply payload to a request on channel 0.

        Raises:
            MalformedPacketError: for an unknown command or a truncated request.
        """
        if data[:1] == bytes((CMD_INFO_V2,)):
            return self._info
        if data[:1] == bytes((CMD_ITEM_V2,)) and len(data) >= 3:
            number = struct.unpack_from("<H", data, 1)[0]
            # The firmware answers an unknown id with the bare command.
            return data[:3] + self._encoded[number] if number < len(self._encoded) else data[:1]
        raise MalformedPacketError("unknown request for the table of contents")
