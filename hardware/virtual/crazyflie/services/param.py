"""Parameter port (2): table of contents, read, write, extended types, defaults and persistence."""

from __future__ import annotations

import errno
import struct

from hardware.virtual.crazyflie.crtp import MalformedPacketError, Packet, Port
from hardware.virtual.crazyflie.parameters import Parameter, ParameterStore
from hardware.virtual.crazyflie.toc import Toc, TocEntry
from hardware.virtual.crazyflie.values import BY_PARAM_CODE

TOC, READ, WRITE, MISC = 0, 1, 2, 3
SET_BY_NAME, VALUE_UPDATED = 0, 1
EXTENDED_TYPE, PERSISTENT_STORE, PERSISTENT_STATE, PERSISTENT_CLEAR = 2, 3, 4, 5
DEFAULT_VALUE, EXTENDED_TYPE_V2, DEFAULT_VALUE_V2 = 6, 7, 8
EXTENDED_FLAG, READ_ONLY_FLAG = 0x10, 0x40
PERSISTENT = 1
"""The only extended type there is."""


class ParamService:
    """Gives clients access to the parameter store."""

    def __init__(self, store: ParameterStore) -> None:
        self._store = store
        self._parameters = list(store)
        self._toc = Toc([TocEntry(p.name, _type_byte(p)) for p in self._parameters])

    def handle(self, packet: Packet) -> list[Packet]:
        """Return the replies to one packet on this port.

        Raises:
            MalformedPacketError: for an unknown or truncated request.
        """
        answers = {TOC: self._toc.answer, READ: self._read, WRITE: self._write, MISC: self._misc}
        answer = answers[packet.channel](packet.data)
        return [Packet(Port.PARAM, packet.channel, answer)]

    def updates(self) -> list[Packet]:
        """Return notices of values the robot itself changed since the last call."""
        notices = []
        for name in self._store.take_changed():
            parameter = self._store[name]
            payload = struct.pack("<BH", VALUE_UPDATED, self._toc.ids[name]) + parameter.encoded()
            notices.append(Packet(Port.PARAM, MISC, payload))
        return notices

    def _find(self, data: bytes, offset: int = 0) -> Parameter | None:
        if len(data) < offset + 2:
            raise MalformedPacketError("parameter request without an id")
        number = struct.unpack_from("<H", data, offset)[0]
        return self._parameters[number] if number < len(self._parameters) else None

    def _read(self, data: bytes) -> bytes:
        parameter = self._find(data)
        if parameter is None:
            return data[:2] + bytes((errno.ENOENT,))
        return data[:2] + b"\0" + parameter.encoded()

    def _write(self, data: bytes) -> bytes:
        parameter = self._find(data)
        if parameter is None:
            return data[:2] + bytes((errno.ENOENT,))
        if parameter.read_only:
            return data[:2] + bytes((errno.EACCES,))
        self._assign(parameter, data[2:])
        return data[:2] + parameter.encoded()

    def _assign(self, parameter: Parameter, value: bytes) -> bool:
        """Write a value; one out of range is not taken, and the reply tells the client what it still is."""
        if len(value) != parameter.kind.size:
            raise MalformedPacketError(f"{parameter.name}: {len(value)} bytes, expected {parameter.kind.size}")
        number = parameter.kind.unpack(value)
        if not parameter.low <= number <= parameter.high:
            return False
        self._store.write(parameter.name, number)
        return True

    def _misc(self, data: bytes) -> bytes:
        if not data:
            raise MalformedPacketError("empty parameter request")
        if data[0] == SET_BY_NAME:
            return self._set_by_name(data)
        if len(data) != 3:
            raise MalformedPacketError("parameter request of the wrong length")
        parameter = self._find(data, 1)
        status = self._misc_status(data[0], parameter)
        return data[:3] + status

    def _misc_status(self, command: int, parameter: Parameter | None) -> bytes:
        if parameter is None:
            return bytes((errno.ENOENT,))
        if command == EXTENDED_TYPE:
            return bytes((PERSISTENT if parameter.persistent else 0,))
        if command == EXTENDED_TYPE_V2:
            return bytes((0, PERSISTENT)) if parameter.persistent else bytes((errno.ENOENT,))
        if command == DEFAULT_VALUE:
            return parameter.encoded(parameter.default)
        if command == DEFAULT_VALUE_V2:
            return b"\0" + parameter.encoded(parameter.default)
        if not parameter.persistent:
            return bytes((errno.ENOENT,))
        if command == PERSISTENT_STORE:
            parameter.stored = parameter.value
            return b"\0"
        if command == PERSISTENT_CLEAR:
            parameter.stored = None
            return b"\0"
        if command == PERSISTENT_STATE:
            stored = b"" if parameter.stored is None else parameter.encoded(parameter.stored)
            return bytes((bool(stored),)) + parameter.encoded(parameter.default) + stored
        raise MalformedPacketError(f"unknown parameter command {command}")

    def _set_by_name(self, data: bytes) -> bytes:
        group, first, rest = data[1:].partition(b"\0")
        name, second, rest = rest.partition(b"\0")
        if not first or not second or not rest:
            raise MalformedPacketError("parameter name not terminated")
        head = data[: len(data) - len(rest)]
        complete = f"{group.decode('ascii', 'replace')}.{name.decode('ascii', 'replace')}"
        if complete not in self._store or self._store[complete].read_only:
            return head + bytes((errno.ENOENT,))
        parameter = self._store[complete]
        if BY_PARAM_CODE.get(rest[0]) is not parameter.kind:
            return head + bytes((errno.EINVAL,))
        return head + (b"\0" if self._assign(parameter, rest[1:]) else bytes((errno.EINVAL,)))


def _type_byte(parameter: Parameter) -> int:
    flags = (EXTENDED_FLAG if parameter.persistent else 0) | (READ_ONLY_FLAG if parameter.read_only else 0)
    return parameter.kind.param_code | flags
