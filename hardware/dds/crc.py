"""The checksum of Unitree's low-level messages.

CRC-32 with polynomial 0x04c11db7, start 0xffffffff, fed 32-bit words from their highest bit, without
reflection and final complement (``Crc32Core`` in unitree_sdk2's examples; also what an STM32's CRC unit
computes). zlib's CRC-32 has the same polynomial but feeds bytes from their lowest bit and complements:
it gives the same number when bytes and bits of each word are turned round, and it runs in C.
"""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray

_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
"""Each byte with its bits in reverse order."""


def crc32_words(data: NDArray[np.uint8]) -> int:
    """Return the checksum of little-endian 32-bit words.

    Args:
        data: (n,) bytes, n a multiple of four.
    """
    highest_first = data.view("<u4").byteswap().tobytes().translate(_REVERSED)
    crc = zlib.crc32(highest_first) ^ 0xFFFFFFFF
    return int(f"{crc:032b}"[::-1], 2)
