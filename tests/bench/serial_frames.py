"""Hostile frames for the serial protocol: genuine ones, mutated, and made-up ones with a correct check value."""

from __future__ import annotations

import math
import random
import struct
from collections import Counter

from hardware.framing import DELIMITER, Frame, encode
from hardware.serial.hello import Hello, HelloRequest, encode_hello, encode_hello_request
from hardware.serial.messages import (
    Command,
    Nack,
    encode_ack,
    encode_command,
    encode_nack,
    encode_safe_action,
    encode_session,
)
from hardware.serial.protocol import SAFE_ACTIONS, MessageType, Refusal
from hardware.serial.states import (
    Flag,
    FlightReport,
    Head,
    JointReport,
    Mode,
    encode_flight_report,
    encode_joint_report,
)

HELLO = Hello(1, "flight", "motor", ("m1", "m2", "m3", "m4"), 10_000, bytes(range(32)), "crazyflie")
SUSPICIOUS = (math.nan, math.inf, -math.inf, -1e-9, 1.0000001, 3e38, -0.0, 0.5, 1.0, 1e-45)


class FrameMaker:
    """Makes one mutant after the other and remembers which commands arrive undamaged.

    Args:
        rng: all randomness.
        kinds: counts the mutations.
    """

    def __init__(self, rng: random.Random, kinds: Counter[str]) -> None:
        self.rng, self.kinds = rng, kinds
        self.pool = [encode(frame) for frame in self._genuine_pool()]
        self.restart()

    def restart(self) -> None:
        """Begin a new session."""
        self.session = self.rng.getrandbits(32)
        self.sequence = 0
        self.intact: dict[int, set[tuple[float, ...]]] = {}
        """Channels of every command with a correct check value, by its sequence number."""

    def frame(self, kind: int, payload: bytes) -> bytes:
        """Encode a frame under a random number."""
        return encode(Frame(kind, self.rng.getrandbits(16), payload))

    def mutant(self) -> bytes:
        """The next bytes on the line: a frame, part of one, two at once, or noise."""
        rng = self.rng
        dice = rng.random()
        if dice < 0.06:
            return self._count("genuine", self._next_command())
        chunk = self._next_command() if dice < 0.5 else self.pool[rng.randrange(len(self.pool))]
        kind = rng.random()
        if kind < 0.45:
            return self._count("bit flips", self._flip(chunk))
        if kind < 0.58:
            return self._count("truncated", chunk[: rng.randrange(len(chunk))] + DELIMITER * (rng.random() < 0.5))
        if kind < 0.68:
            other = self.pool[rng.randrange(len(self.pool))]
            return self._count("spliced", chunk[: rng.randrange(len(chunk))] + other[rng.randrange(len(other)) :])
        if kind < 0.75:
            return self._count("duplicated", chunk + chunk)
        if kind < 0.83:
            return self._count("random", rng.randbytes(rng.randrange(1, 120)) + DELIMITER * (rng.random() < 0.8))
        return self._count("hostile", self._hostile())

    def _count(self, kind: str, chunk: bytes) -> bytes:
        self.kinds[kind] += 1
        return chunk

    def _flip(self, chunk: bytes) -> bytes:
        damaged = bytearray(chunk)
        for _ in range(1 + self.rng.getrandbits(3)):
            bit = self.rng.randrange(8 * len(damaged))
            damaged[bit >> 3] ^= 1 << (bit & 7)
        return bytes(damaged)

    def _next_command(self) -> bytes:
        """A command as the host would send it next."""
        self.sequence += 1
        rng = self.rng
        values = struct.unpack("<4f", struct.pack("<4f", rng.random(), rng.random(), rng.random(), rng.random()))
        self.intact.setdefault(self.sequence, set()).add(values)
        payload = encode_command(Command(self.session, self.sequence, values))
        return encode(Frame(MessageType.COMMAND, self.sequence & 0xFFFF, payload))

    def _hostile(self) -> bytes:
        """An undamaged frame whose payload was made up or tampered with before its check value was made."""
        rng = self.rng
        dice = rng.random()
        if dice < 0.5:
            return self._hostile_command()
        if dice < 0.8:
            kind = rng.choice(tuple(MessageType))
            payload = struct.pack("<I", self.session) * (rng.random() < 0.5) + rng.randbytes(rng.randrange(0, 12))
            if kind in (MessageType.EMERGENCY_STOP, MessageType.DISARM) and rng.random() < 0.95:
                kind = MessageType.HEARTBEAT  # these two end the batch's interest
        else:
            kind, payload = rng.randrange(256), rng.randbytes(rng.randrange(0, 150))
        return self.frame(kind, payload)

    def _hostile_command(self) -> bytes:
        rng = self.rng
        count = rng.choice((0, 1, 3, 4, 4, 4, 4, 5, 64, 255))
        values = [rng.choice(SUSPICIOUS) for _ in range(count)]
        session = self.session if rng.random() < 0.8 else rng.getrandbits(32)
        sequence = rng.choice((self.sequence, self.sequence + 1, 0, self.sequence + (1 << 17), rng.getrandbits(32)))
        payload = struct.pack(f"<IIB{count}f", session, sequence, rng.choice((count, count, 4)), *values)
        if rng.random() < 0.2:
            payload = payload[: rng.randrange(len(payload))]
        if len(payload) == 25 and payload[8] == 4:
            self.intact.setdefault(sequence, set()).add(struct.unpack("<4f", payload[9:]))
        return self.frame(MessageType.COMMAND, payload)

    def _genuine_pool(self) -> list[Frame]:
        """Every message of both sides, a few times over."""
        rng, frames = self.rng, []

        def number(count):
            return tuple(rng.uniform(-2.0, 2.0) for _ in range(count))

        for sequence in range(20):
            head = Head(sequence, sequence, 3.9, Flag(rng.getrandbits(7)), 0, Mode(rng.randrange(len(Mode))))
            unit = (1.0, 0.0, 0.0, 0.0)
            flight = FlightReport(head, number(3), number(3), unit, number(3), number(4))
            joint = JointReport(head, unit, number(3), number(29), number(29), number(29), number(29))
            payloads = {
                MessageType.HELLO_REQUEST: encode_hello_request(HelloRequest(rng.getrandbits(32))),
                MessageType.ARM: encode_session(rng.getrandbits(32)),
                MessageType.SAFE_ACTION: encode_safe_action(rng.getrandbits(32), rng.choice(SAFE_ACTIONS)),
                MessageType.HEARTBEAT: encode_session(rng.getrandbits(32)),
                MessageType.HELLO: encode_hello(HELLO),
                MessageType.FLIGHT_STATE: encode_flight_report(flight),
                MessageType.JOINT_STATE: encode_joint_report(joint),
                MessageType.ACK: encode_ack(rng.getrandbits(8)),
                MessageType.NACK: encode_nack(Nack(rng.getrandbits(8), rng.choice(tuple(Refusal)))),
            }
            frames += [Frame(kind, sequence, payload) for kind, payload in payloads.items()]
        return frames
