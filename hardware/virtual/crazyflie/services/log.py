"""Log port (5): table of contents, blocks of variables, and the streamed data of the started blocks."""

from __future__ import annotations

import errno
import struct
from collections.abc import Callable
from dataclasses import dataclass, field

from hardware.virtual.crazyflie.crtp import MalformedPacketError, Packet, Port
from hardware.virtual.crazyflie.toc import Toc, TocEntry
from hardware.virtual.crazyflie.values import BY_LOG_CODE, ValueType

TOC, CONTROL, DATA = 0, 1, 2
DELETE, START, STOP, RESET, CREATE_V2, APPEND_V2 = 2, 3, 4, 5, 6, 7
MAX_BLOCKS, MAX_VARIABLES, MAX_BLOCK_BYTES = 16, 128, 26
"""The firmware's limits, which it reports with the table of contents."""
PERIOD_UNIT_MS = 10


@dataclass(frozen=True)
class LogVariable:
    """One loggable number."""

    name: str
    kind: ValueType
    read: Callable[[], float]


@dataclass
class Block:
    """Variables sent together at one period."""

    variables: list[tuple[ValueType, Callable[[], float]]] = field(default_factory=list)
    period_ms: int = 0
    due_ms: int = 0

    @property
    def size(self) -> int:
        """Payload bytes."""
        return sum(kind.size for kind, _ in self.variables)


class LogService:
    """Holds the blocks and produces their packets."""

    def __init__(self, variables: list[LogVariable]) -> None:
        self._variables = variables
        entries = [TocEntry(v.name, v.kind.log_code or 0) for v in variables]
        self._toc = Toc(entries, bytes((MAX_BLOCKS, MAX_VARIABLES)))
        self._blocks: dict[int, Block] = {}
        self._next_ms = 0
        """When the next block is due; most milliseconds have none."""
        self._now = 0
        self.stalled = False
        """Fault: started blocks stay silent."""

    def handle(self, packet: Packet) -> list[Packet]:
        """Return the replies to one packet on this port.

        Raises:
            MalformedPacketError: for an unknown or truncated request.
        """
        if packet.channel == TOC:
            return [Packet(Port.LOGGING, TOC, self._toc.answer(packet.data))]
        if packet.channel == CONTROL and packet.data:
            return [Packet(Port.LOGGING, CONTROL, self._control(packet.data))]
        raise MalformedPacketError("unknown log request")

    def reset(self) -> None:
        """Forget every block."""
        self._blocks.clear()
        self._next_ms = 0

    def stream(self, now_ms: int, clock_ms: int) -> list[Packet]:
        """Return the data packets due at ``now_ms``, stamped with ``clock_ms``."""
        self._now = now_ms
        if self.stalled:
            return []
        if now_ms < self._next_ms:
            return []
        due = [item for item in self._blocks.items() if item[1].period_ms and now_ms >= item[1].due_ms]
        packets = []
        for number, block in due:
            block.due_ms += block.period_ms * (1 + (now_ms - block.due_ms) // block.period_ms)
            values = b"".join(kind.pack(read()) for kind, read in block.variables)
            stamp = (clock_ms & 0xFFFFFF).to_bytes(3, "little")
            packets.append(Packet(Port.LOGGING, DATA, bytes((number,)) + stamp + values))
        self._next_ms = min((block.due_ms for block in self._blocks.values() if block.period_ms), default=now_ms)
        return packets

    def _control(self, data: bytes) -> bytes:
        self._next_ms = 0
        command = data[0]
        if command == RESET:
            self.reset()
            return bytes((RESET, 0, 0))
        if len(data) < 2:
            raise MalformedPacketError("log command without a block id")
        number = data[1]
        if command in (CREATE_V2, APPEND_V2):
            status = self._extend(number, data[2:], create=command == CREATE_V2)
        elif command == START and len(data) >= 3:
            status = self._start(number, data[2] * PERIOD_UNIT_MS)
        elif command == STOP:
            status = self._start(number, 0)
        elif command == DELETE:
            status = 0 if self._blocks.pop(number, None) else errno.ENOENT
        else:
            status = errno.ENOEXEC
        return bytes((command, number, status))

    def _extend(self, number: int, items: bytes, create: bool) -> int:
        if create and number in self._blocks:
            return errno.EEXIST
        if not create and number not in self._blocks:
            return errno.ENOENT
        if create and len(self._blocks) >= MAX_BLOCKS:
            return errno.ENOMEM
        if len(items) % 3:
            raise MalformedPacketError("log block items are three bytes each")
        variables = []
        for kind_byte, ident in struct.iter_unpack("<BH", items):
            kind = BY_LOG_CODE.get(kind_byte & 0x0F)
            if kind is None or ident >= len(self._variables):
                return errno.ENOENT
            variables.append((kind, self._variables[ident].read))
        block = Block(list(self._blocks[number].variables) if not create else [])
        block.variables += variables
        if block.size > MAX_BLOCK_BYTES:
            return errno.E2BIG
        used = sum(len(b.variables) for n, b in self._blocks.items() if n != number)
        if used + len(block.variables) > MAX_VARIABLES:
            return errno.ENOMEM
        self._blocks[number] = block
        return 0

    def _start(self, number: int, period_ms: int) -> int:
        block = self._blocks.get(number)
        if block is None:
            return errno.ENOENT
        block.period_ms = period_ms
        block.due_ms = self._now + period_ms
        return 0
