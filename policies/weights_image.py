"""The weights of a policy as bytes that a robot takes by radio, and the file that ``export`` keeps them in.

File, little-endian: ``S2MW``, version (u16), reserved (u16), architecture (8 bytes), length (u32),
CRC-32 (u32, that of zlib), then the image: the bundle's id (32 bytes), the learned tables, the golden steps.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

from sim.errors import BundleError

WEIGHTS_FILE = "policy_weights.bin"
"""Name of the file in a bundle's ``c`` folder."""
LARGEST_IMAGE = 28 * 1024
"""Bytes of RAM that a Crazyflie can spare: the bank on board is never larger."""
ARCHITECTURE_SIZE = 8
ID_SIZE = 32
_MAGIC = b"S2MW"
_VERSION = 1
_HEADER = struct.Struct(f"<4sHH{ARCHITECTURE_SIZE}sII")


class WeightsTooLargeError(BundleError):
    """Weights that no robot's bank can hold."""


@dataclass(frozen=True)
class WeightsImage:
    """What replaces the weights on board.

    Attributes:
        architecture: 8 bytes; the code on board must have the same.
        data: bundle id, tables and golden steps, as ``policy_image_t`` lies in memory.
    """

    architecture: bytes
    data: bytes

    @property
    def bundle_id(self) -> str:
        """Whose weights they are, hexadecimal."""
        return self.data[:ID_SIZE].hex()

    @property
    def crc(self) -> int:
        """CRC-32 of ``data``."""
        return zlib.crc32(self.data)

    def require_fitting(self) -> None:
        """Refuse an image that is larger than any bank.

        Raises:
            WeightsTooLargeError: with the bytes it needs.
        """
        if len(self.data) > LARGEST_IMAGE:
            raise WeightsTooLargeError(
                f"these weights with their golden steps need {len(self.data):,} B, a bank on board holds "
                f"{LARGEST_IMAGE:,} B: quantize them (export --int8), train a smaller network, or flash the whole image"
            )

    def to_bytes(self) -> bytes:
        """Return the file's content."""
        return _HEADER.pack(_MAGIC, _VERSION, 0, self.architecture, len(self.data), self.crc) + self.data

    @classmethod
    def from_bytes(cls, content: bytes, name: str = WEIGHTS_FILE) -> WeightsImage:
        """Read a file's content.

        Raises:
            BundleError: if it is damaged or no such file.
        """
        again = "run 'sim2metal export' again"
        if len(content) < _HEADER.size + ID_SIZE or content[:4] != _MAGIC:
            raise BundleError(f"{name}: not a file of weights; {again}")
        _, version, _, architecture, length, crc = _HEADER.unpack_from(content)
        data = content[_HEADER.size :]
        if version != _VERSION:
            raise BundleError(f"{name}: version {version}, expected {_VERSION}; {again}")
        if len(data) != length or zlib.crc32(data) != crc:
            raise BundleError(f"{name}: damaged (length or checksum is wrong); {again}")
        return cls(architecture, data)
