"""Set-point ports: legacy roll-pitch-yaw-thrust (3) and the generic types (7), decoded to SI.

Packet layouts and signs are those of cflib 0.1.34's ``commander.py`` and of crazyflie-firmware's
``crtp_commander_rpyt.c``: the legacy pitch of the firmware is inverted, and so is the yaw rate of
these packets and of the generic types 1, 2 and 5.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable

from hardware.virtual.crazyflie.commander import Commander
from hardware.virtual.crazyflie.crtp import MalformedPacketError, Packet, Port
from hardware.virtual.multirotor.quaternion import decompress, yaw_of
from hardware.virtual.multirotor.setpoint import NOTHING, STOP, Mode, Setpoint, attitude, position, rates, velocity

SETPOINT, META = 0, 1
NOTIFY_STOP = 0
MAX_COORDINATE = 1000.0
"""Positions (m) and velocities (m/s) beyond this are no set-point but noise."""
FULL_THRUST, MAX_THRUST, MIN_THRUST = 65535, 60000, 1000
"""All motors at full command; what legacy set-points are cut to; and below which they are none (firmware)."""


class CommanderService:
    """Decodes set-points and hands them to the commander."""

    def __init__(self, commander: Commander, rates: Callable[[], bool] = lambda: False) -> None:
        """``rates``: whether roll and pitch of legacy packets are rates (``flightmode.stabModeRoll``, ``Pitch``)."""
        self._commander, self._rates = commander, rates

    def handle(self, packet: Packet) -> list[Packet]:
        """Take one packet on port 3 or 7; there is never a reply.

        Raises:
            MalformedPacketError: for an unknown type, a wrong length or numbers out of range.
        """
        if packet.port == Port.COMMANDER and packet.channel == SETPOINT:
            self._commander.accept_legacy(decode_legacy(packet.data, self._rates()))
        elif packet.port == Port.COMMANDER_GENERIC and packet.channel == SETPOINT:
            self._commander.accept(decode_generic(packet.data))
        elif packet.port == Port.COMMANDER_GENERIC and packet.channel == META:
            self._meta(packet.data)
        else:
            raise MalformedPacketError("unknown set-point channel")
        return []

    def _meta(self, data: bytes) -> None:
        if data[:1] != bytes((NOTIFY_STOP,)) or len(data) not in (1, 5):
            raise MalformedPacketError("unknown meta command")
        remain_ms = int.from_bytes(data[1:], "little")
        self._commander.relax(remain_ms)


def decode_legacy(data: bytes, as_rates: bool = False) -> Setpoint:
    """Decode port 3: roll, inverted pitch (deg; deg/s if ``as_rates``), inverted yaw rate (deg/s), thrust 0-65535."""
    roll, pitch, yaw_rate, thrust = _numbers("<fffH", data)
    thrust = 0 if thrust < MIN_THRUST else min(thrust, MAX_THRUST)
    return _tilt_setpoint(roll, -pitch, -yaw_rate, thrust / FULL_THRUST, Mode.VELOCITY if as_rates else Mode.ABSOLUTE)


def decode_generic(data: bytes) -> Setpoint:
    """Decode port 7 by its type byte."""
    decoder = _DECODERS.get(data[0]) if data else None
    if decoder is None:
        raise MalformedPacketError("unknown set-point type")
    return decoder(data[1:])


def _stop(data: bytes) -> Setpoint:
    _numbers("<", data)
    return STOP


def _velocity_world(data: bytes, yaw_sign: float = 1.0) -> Setpoint:
    vx, vy, vz, yaw_rate = _numbers("<ffff", data)
    return velocity(vx, vy, vz, math.radians(yaw_sign * yaw_rate))


def _height(data: bytes, yaw_sign: float = 1.0) -> Setpoint:
    roll, pitch, yaw_rate, z = _numbers("<ffff", data)
    return Setpoint(
        z=Mode.ABSOLUTE, tilt=Mode.ABSOLUTE, yaw=Mode.VELOCITY, position_w=(0.0, 0.0, z),
        roll=math.radians(roll), pitch=math.radians(-pitch), yaw_rate=math.radians(yaw_sign * yaw_rate),
    )  # fmt: skip


def _hover(data: bytes, yaw_sign: float = 1.0) -> Setpoint:
    vx, vy, yaw_rate, z = _numbers("<ffff", data)
    return Setpoint(
        Mode.VELOCITY, Mode.ABSOLUTE, yaw=Mode.VELOCITY, position_w=(0.0, 0.0, z),
        velocity=(vx, vy, 0.0), velocity_in_body=True, yaw_rate=math.radians(yaw_sign * yaw_rate),
    )  # fmt: skip


def _position(data: bytes) -> Setpoint:
    x, y, z, yaw = _numbers("<ffff", data)
    return position(x, y, z, math.radians(yaw))


def _full_state(data: bytes) -> Setpoint:
    x, y, z, vx, vy, vz, ax, ay, az, compressed, rr, pr, yr = _numbers("<hhhhhhhhhIhhh", data)
    rates = [math.radians(value / 1000.0) for value in (rr, pr, yr)]
    return Setpoint(
        Mode.ABSOLUTE, Mode.ABSOLUTE, yaw=Mode.ABSOLUTE,
        position_w=(x / 1000.0, y / 1000.0, z / 1000.0),
        velocity=(vx / 1000.0, vy / 1000.0, vz / 1000.0),
        acceleration_w=(ax / 1000.0, ay / 1000.0, az / 1000.0),
        heading=yaw_of(decompress(int(compressed))),
        roll_rate=rates[0], pitch_rate=rates[1], yaw_rate=rates[2],
    )  # fmt: skip


def _manual(data: bytes) -> Setpoint:
    roll, pitch, yaw_rate, thrust, rate = _numbers("<fffHB", data)
    if rate not in (0, 1):
        raise MalformedPacketError("manual set-point of neither angles nor rates")
    return _tilt_setpoint(roll, -pitch, yaw_rate, thrust / FULL_THRUST, Mode.VELOCITY if rate else Mode.ABSOLUTE)


def _tilt_setpoint(roll: float, pitch: float, yaw_rate: float, thrust: float, mode: Mode = Mode.ABSOLUTE) -> Setpoint:
    if thrust == 0.0:
        return NOTHING
    make = attitude if mode is Mode.ABSOLUTE else rates
    return make(math.radians(roll), math.radians(pitch), math.radians(yaw_rate), thrust)


_DECODERS: dict[int, Callable[[bytes], Setpoint]] = {
    0: _stop,
    1: lambda data: _velocity_world(data, -1.0),
    2: lambda data: _height(data, -1.0),
    5: lambda data: _hover(data, -1.0),
    6: _full_state,
    7: _position,
    8: _velocity_world,
    9: _height,
    10: _hover,
    11: _manual,
}


def _numbers(layout: str, data: bytes) -> tuple[float, ...]:
    if len(data) != struct.calcsize(layout):
        raise MalformedPacketError(f"set-point of {len(data)} bytes, expected {struct.calcsize(layout)}")
    values = struct.unpack(layout, data)
    if any(isinstance(value, float) and not abs(value) <= MAX_COORDINATE for value in values):
        raise MalformedPacketError("set-point out of range or not a number")
    return values
