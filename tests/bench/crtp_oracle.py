"""What a datagram to a Crazyflie may do at most: judged from its bytes alone, without the robot's decoders.

Written from cflib 0.1.34's sending side; ``tests/bench/fuzz_crtp.py`` compares it with what the robot did.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence

from hardware.virtual.crazyflie.parameters import Parameter

_GENERIC = {0: "", 1: "ffff", 2: "ffff", 5: "ffff", 6: "hhhhhhhhhIhhh", 7: "ffff", 8: "ffff", 9: "ffff", 10: "ffff"}
_GENERIC[11] = "fffHB"
_PLANS = {3: "", 7: "ffBf", 8: "ffBf", 4: "Bfffff", 12: "BBfffff"}
_FLAGS = {7: (2,), 8: (2,), 4: (0,), 12: (0, 1)}
"""Places of the flags, which are 0 or 1, in a plan's numbers."""
_TYPES = {"uint8_t": "B", "uint16_t": "H", "uint32_t": "I", "int8_t": "b", "int16_t": "h", "int32_t": "i"}
_TYPES |= {"float": "f", "FP16": "e"}
MOST = 1000.0
"""Largest number of a set-point."""
MOST_PLAN = 600.0


class Oracle:
    """Knows the robot's parameters; ``None`` stands for "nothing of the kind is allowed"."""

    def __init__(self, parameters: Sequence[Parameter]) -> None:
        self._parameters = parameters

    def setpoint(self, datagram: bytes) -> tuple[float, ...] | None:
        """Return the numbers of a streamed set-point."""
        if _split(datagram)[:2] == (3, 0):
            return _numbers("fffH", datagram[1:], MOST)
        if _split(datagram)[:2] != (7, 0) or len(datagram) < 2 or datagram[1] not in _GENERIC:
            return None
        values = _numbers(_GENERIC[datagram[1]], datagram[2:], MOST)
        if datagram[1] == 11 and values is not None and values[4] not in (0, 1):
            return None
        return values

    def plan(self, datagram: bytes) -> tuple[float, ...] | None:
        """Return the numbers of a command of the high-level commander, the last of them the duration."""
        port, channel, data = _split(datagram)
        if (port, channel) != (8, 0) or len(data) < 2 or data[0] not in _PLANS:
            return None
        layout, flags = _PLANS[data[0]], _FLAGS.get(data[0], ())
        values = _numbers(layout, data[2:], MOST_PLAN)
        if values is None or any(values[place] not in (0, 1) for place in flags):
            return None
        return values if not values or values[-1] > 0.0 else None

    def arming(self, datagram: bytes) -> bool | None:
        """Return whether it asks to arm or to disarm."""
        requests = {(9, 1, b"\1\0"): False, (9, 1, b"\1\1"): True, (13, 0, b"\1\0"): False, (13, 0, b"\1\1"): True}
        write = self.parameter(datagram)
        if write is not None and write[0] == "system.arm":
            return bool(write[1])
        return requests.get(_split(datagram))

    def emergency_stop(self, datagram: bytes) -> bool:
        """Whether it cuts the motors for good."""
        return _split(datagram) in ((9, 1, b"\3"), (6, 1, b"\3")) or self.parameter(datagram) == ("stabilizer.stop", 1)

    def position(self, datagram: bytes) -> bool:
        """Whether it carries an external position within 100 m."""
        port, channel, data = _split(datagram)
        if port != 6:
            return False
        if channel == 0:
            return _numbers("fff", data, 100.0) is not None
        if channel == 2:
            return len(data) % 7 == 0 and 0xE7 in data[::7]
        if channel == 1 and data[:1] == b"\x09":
            return len(data) > 1 and len(data) % 11 == 1 and 0xE7 in data[1::11]
        return channel == 1 and data[:1] == b"\x08" and _numbers("fffffff", data[1:], 100.0) is not None

    def parameter(self, datagram: bytes) -> tuple[str, float] | None:
        """Return name and value of a parameter write."""
        port, channel, data = _split(datagram)
        if (port, channel) == (2, 2) and len(data) >= 2 and (ident := data[0] | data[1] << 8) < len(self._parameters):
            return _write(self._parameters[ident], data[2:])
        if (port, channel) == (2, 3) and data[:1] == b"\0" and data.count(b"\0", 1) >= 2:
            group, name, rest = data[1:].split(b"\0", 2)
            for parameter in self._parameters:
                if parameter.name.encode() == group + b"." + name and rest[:1] == bytes((parameter.kind.param_code,)):
                    return _write(parameter, rest[1:])
        return None


def _split(datagram: bytes) -> tuple[int, int, bytes]:
    if not 1 <= len(datagram) <= 31:
        return -1, -1, b""
    return datagram[0] >> 4, datagram[0] & 3, datagram[1:]


def _numbers(layout: str, data: bytes, most: float) -> tuple[float, ...] | None:
    if struct.calcsize("<" + layout) != len(data):
        return None
    values = struct.unpack("<" + layout, data)
    floats = [value for kind, value in zip(layout, values) if kind == "f"]
    return values if all(math.isfinite(value) and abs(value) <= most for value in floats) else None


def _write(parameter: Parameter, data: bytes) -> tuple[str, float] | None:
    kind = "<" + _TYPES[parameter.kind.name]
    if parameter.read_only or struct.calcsize(kind) != len(data):
        return None
    (value,) = struct.unpack(kind, data)
    if not math.isfinite(value) or not parameter.low <= value <= parameter.high:
        return None
    return parameter.name, value
