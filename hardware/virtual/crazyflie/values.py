"""Binary types of log variables and parameters, as the two tables of contents number them.

Logs and parameters use different codes for the same C type (cflib 0.1.34, ``log.py`` and
``param.py``); values travel little-endian.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass


@dataclass(frozen=True)
class ValueType:
    """A C scalar type."""

    name: str
    format: str
    """``struct`` format without the byte order."""
    log_code: int | None
    param_code: int

    @property
    def size(self) -> int:
        """Bytes on the wire."""
        return struct.calcsize("<" + self.format)

    def pack(self, value: float) -> bytes:
        """Return the little-endian bytes; integers saturate as an on-board cast would not crash."""
        if self.format in "efd":
            return struct.pack("<" + self.format, _representable(value, self.format))
        low, high = self.limits
        number = 0 if math.isnan(value) else int(min(max(value, low), high))
        return struct.pack("<" + self.format, number)

    def unpack(self, data: bytes) -> float | int:
        """Return the value of ``data``, whose length must be ``size``."""
        return struct.unpack("<" + self.format, data)[0]

    @property
    def limits(self) -> tuple[int, int]:
        """Smallest and largest value of an integer type."""
        bits = 8 * self.size
        return (0, 2**bits - 1) if self.format.isupper() else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


def _representable(value: float, kind: str) -> float:
    """Turn what a narrower float cannot hold into infinity, as a C conversion does."""
    limit = {"e": 65504.0, "f": 3.4028234e38, "d": math.inf}[kind]
    return math.copysign(math.inf, value) if abs(value) > limit else value


U8 = ValueType("uint8_t", "B", 1, 0x08)
U16 = ValueType("uint16_t", "H", 2, 0x09)
U32 = ValueType("uint32_t", "I", 3, 0x0A)
I8 = ValueType("int8_t", "b", 4, 0x00)
I16 = ValueType("int16_t", "h", 5, 0x01)
I32 = ValueType("int32_t", "i", 6, 0x02)
FLOAT = ValueType("float", "f", 7, 0x06)
FP16 = ValueType("FP16", "e", 8, 0x05)

ALL = (U8, U16, U32, I8, I16, I32, FLOAT, FP16)
BY_LOG_CODE = {kind.log_code: kind for kind in ALL}
BY_PARAM_CODE = {kind.param_code: kind for kind in ALL}
