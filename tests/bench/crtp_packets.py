"""Hostile CRTP packets: what a client sends to a Crazyflie, genuine, mutated and made up."""

from __future__ import annotations

import math
import random
import struct
from collections import Counter
from collections.abc import Callable, Sequence

from hardware.virtual.crazyflie.parameters import Parameter

SUSPICIOUS = (math.nan, math.inf, -math.inf, 1000.1, -1000.1, 3e38, -0.0, 1e-45, 100.1, 601.0)
"""Numbers at and beyond the edges of what anything accepts."""
MOST_BYTES = 31
"""A header and 30 bytes."""


def packet(port: int, channel: int, data: bytes = b"") -> bytes:
    """Return a datagram as cflib writes it: bits 2 and 3 of the header are set."""
    return bytes((port << 4 | 0x0C | channel,)) + data


class Mutator:
    """Damages packets.

    Args:
        rng: all randomness.
        kinds: counts the mutations.
        genuine: makes the next undamaged packet.
        hostile: makes the next packet whose form is right and whose content is not.
    """

    def __init__(
        self, rng: random.Random, kinds: Counter[str], genuine: Callable[[], bytes], hostile: Callable[[], bytes]
    ) -> None:
        self.rng, self.kinds = rng, kinds
        self.genuine, self.hostile = genuine, hostile

    def next(self) -> bytes:
        """Return the next datagram; it may be empty or too long."""
        rng, dice = self.rng, self.rng.random()
        if dice < 0.15:
            return self._count("genuine", self.genuine())
        if dice < 0.40:
            return self._count("hostile", self.hostile())
        if dice < 0.60:
            return self._count("bit flips", self._flip(self.genuine()))
        if dice < 0.70:
            datagram = self.genuine()
            return self._count("truncated", datagram[: rng.randrange(len(datagram))])
        if dice < 0.80:
            return self._count("extended", self.genuine() + rng.randbytes(rng.choice((1, 1, 2, 4, 16, 40))))
        if dice < 0.90:
            start, end = self.genuine(), self.genuine()
            return self._count("spliced", start[: rng.randrange(1, len(start) + 1)] + end[rng.randrange(len(end)) :])
        return self._count("random", rng.randbytes(rng.randrange(0, MOST_BYTES + 2)))

    def _count(self, kind: str, datagram: bytes) -> bytes:
        self.kinds[kind] += 1
        return datagram

    def _flip(self, datagram: bytes) -> bytes:
        damaged = bytearray(datagram)
        for _ in range(1 + self.rng.getrandbits(2)):
            bit = self.rng.randrange(8 * len(damaged))
            damaged[bit >> 3] ^= 1 << (bit & 7)
        return bytes(damaged)


class ClientPackets:
    """What cflib sends, port by port.

    Args:
        rng: all randomness.
        parameters: of the robot, in the order of their ids.
    """

    def __init__(self, rng: random.Random, parameters: Sequence[Parameter]) -> None:
        self.rng, self.parameters = rng, parameters

    def genuine(self) -> bytes:
        """Return one undamaged request with reasonable content."""
        rng, dice = self.rng, self.rng.random()
        if dice < 0.45:
            return self.setpoint(self._number)
        if dice < 0.55:
            return self.plan(self._number)
        if dice < 0.70:
            return self.parameter(self._number)
        if dice < 0.80:
            return self.position(self._number)
        if dice < 0.88:
            return self.log_request()
        if dice < 0.98:
            return rng.choice(self._questions())
        return self.arming()

    def hostile(self) -> bytes:
        """Return a packet of the right form with numbers that nothing may accept, or with one of them."""
        make = self.rng.choice((self.setpoint, self.setpoint, self.plan, self.parameter, self.position))
        return make(self._suspicious)

    def setpoint(self, number: Callable[[], float]) -> bytes:
        """Any streamed set-point."""
        rng = self.rng
        four = [number() for _ in range(4)]
        kind = rng.randrange(12)
        if kind < 3:
            return packet(3, 0, struct.pack("<fffH", *four[:3], rng.choice((0, rng.getrandbits(16)))))
        if kind == 3:
            return packet(7, 1, struct.pack("<BI", 0, rng.choice((0, 100, rng.getrandbits(32)))))
        if kind == 4:
            shorts = struct.pack("<9hI3h", *(rng.getrandbits(15) for _ in range(9)), rng.getrandbits(32), 0, 0, 0)
            return packet(7, 0, b"\6" + shorts)
        if kind == 5:
            return packet(7, 0, struct.pack("<BfffHB", 11, *four[:3], rng.getrandbits(16), rng.choice((0, 1, 1, 2))))
        return packet(7, 0, struct.pack("<Bffff", rng.choice((1, 2, 5, 7, 7, 7, 8, 9, 10)), *four))

    def plan(self, number: Callable[[], float]) -> bytes:
        """Any command of the high-level commander."""
        rng = self.rng
        a, b, c, d, seconds = number(), number(), number(), number(), abs(number()) + 0.1
        flag = rng.choice((0, 1, 1, 7))
        layouts = (
            struct.pack("<BBffBf", rng.choice((7, 8)), 0, a, b, flag, seconds),
            struct.pack("<BBBfffff", 4, 0, flag, a, b, c, d, seconds),
            struct.pack("<BBBBfffff", 12, 0, flag, rng.choice((0, 1)), a, b, c, d, seconds),
            bytes((0, rng.getrandbits(8))),
            bytes((3, rng.choice((0, 1)))),
        )
        return packet(8, 0, rng.choice(layouts))

    def parameter(self, number: Callable[[], float]) -> bytes:
        """Write, read or ask about a parameter."""
        rng = self.rng
        ident = rng.randrange(len(self.parameters))
        chosen = self.parameters[ident]
        while chosen.name == "stabilizer.stop" and rng.random() < 0.9:  # it would end the flight at once
            ident = rng.randrange(len(self.parameters))
            chosen = self.parameters[ident]
        value = chosen.kind.pack(number())
        if rng.random() < 0.5:
            return packet(2, 2, struct.pack("<H", ident) + value)
        if rng.random() < 0.5:
            name = chosen.name.replace(".", "\0").encode() + b"\0"
            return packet(2, 3, (b"\0" + name + bytes((chosen.kind.param_code,)) + value)[:30])
        return packet(2, rng.choice((0, 1, 3)), bytes((rng.randrange(10),)) + struct.pack("<H", ident))

    def position(self, number: Callable[[], float]) -> bytes:
        """An external position or pose."""
        rng = self.rng
        three = [number() for _ in range(3)]
        if rng.random() < 0.4:
            return packet(6, 0, struct.pack("<fff", *three))
        if rng.random() < 0.5:
            return packet(6, 1, struct.pack("<Bfffffff", 8, *three, 0.0, 0.0, 0.0, rng.choice((1.0, 1.0, 0.0))))
        item = struct.pack("<Bhhh", rng.choice((0xE7, 0, 1)), *(rng.getrandbits(12) for _ in range(3)))
        return packet(6, 2, item * rng.choice((1, 2, 4)))

    def log_request(self) -> bytes:
        """Create, append to, start, stop, delete or reset log blocks; ask for the table."""
        rng = self.rng
        block = rng.randrange(20)
        items = b"".join(struct.pack("<BH", rng.randrange(1, 9), rng.randrange(70)) for _ in range(rng.randrange(1, 9)))
        requests = (
            bytes((6, block)) + items,
            bytes((7, block)) + items,
            bytes((3, block, rng.choice((0, 1, 10, 100)))),
            bytes((4, block)),
            bytes((2, block)),
            bytes((5,)),
        )
        if rng.random() < 0.2:
            return packet(5, 0, struct.pack("<BH", rng.choice((2, 3)), rng.getrandbits(8)))
        return packet(5, 1, rng.choice(requests)[:30])

    def arming(self) -> bytes:
        """Arm, seldom disarm, and very seldom stop for good."""
        rng, dice = self.rng, self.rng.random()
        if dice < 0.02:
            return rng.choice((packet(9, 1, b"\3"), packet(6, 1, b"\3"), packet(9, 1, b"\4"), packet(6, 1, b"\4")))
        if dice < 0.3:
            return packet(rng.choice((9, 13)), rng.choice((0, 1)), b"\2")
        port = rng.choice((9, 13))
        return packet(port, 1 if port == 9 else 0, bytes((1, rng.choice((1, 1, 1, 0, 2, 255)))))

    def _questions(self) -> tuple[bytes, ...]:
        rng = self.rng
        memory = struct.pack("<BIB", rng.choice((0, 1, 2)), rng.choice((0, 8, 4090, 1 << 31)), rng.choice((1, 24, 255)))
        return (
            packet(15, 0, rng.randbytes(9)),
            packet(15, 1, b"\0"),
            b"\xff",
            packet(13, 1, bytes((rng.randrange(4),))),
            packet(4, 0, bytes((rng.choice((1, 2)), rng.randrange(3)))),
            packet(4, 1, memory),
            packet(4, 2, memory[:5] + rng.randbytes(8)),
            packet(9, 0, b"\x0c"),
        )

    def _number(self) -> float:
        return self.rng.choice((0.0, 0.5, 1.0, self.rng.uniform(-3.0, 3.0)))

    def _suspicious(self) -> float:
        return self.rng.choice(SUSPICIOUS) if self.rng.random() < 0.5 else self._number()
