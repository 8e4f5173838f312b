"""Hostile packets into the real client: cflib's Crazyflie with our link and telemetry on top of it.

The link connects over UDP to a virtual robot in this process, which then falls silent; what it
would have sent is mutated and put into the queue that cflib's UDP thread fills, so that each packet
is handled (a socket under this load would drop most) by the same code. What the link may believe is
worked out here from the bytes, and compared after every batch.
"""

from __future__ import annotations

import math
import random
import struct
import threading
import time
from collections import Counter
from contextlib import contextmanager

from cflib.crtp.crtpstack import CRTPPacket

from hardware.crazyflie import names
from hardware.crazyflie.link import CrazyflieLink
from hardware.virtual.crazyflie.build import build_virtual_crazyflie
from hardware.virtual.crazyflie.robot import Options
from hardware.virtual.crazyflie.server import Server
from hardware.virtual.process import free_uri
from tests.bench.crtp_packets import SUSPICIOUS, Mutator, packet
from tests.bench.fuzz_crtp import GROWTH_LIMIT_MB, Result, peak_mb

BATCH = 50
"""Packets between two looks at what the link believes."""
BATCH_LIMIT_S = 20.0
"""A batch takes some milliseconds; one this slow counts as a hang."""
CLOSE_LIMIT_S = 5.0
_SIZES = {"float": "f", "FP16": "e", "uint8_t": "B", "uint16_t": "H"}


def fuzz_client(packets: int, seed: int = 0) -> Result:
    """Push ``packets`` mutated packets into one open link."""
    result, errors = Result(), []
    hook, threading.excepthook = threading.excepthook, lambda what: errors.append(repr(what.exc_value))
    try:
        with _connected(seed) as (link, robot):
            fuzzer = ClientFuzzer(random.Random(seed), result, link, robot)
            fuzzer.batch(BATCH)  # what is loaded at the first use is no growth
            before_mb, start_s = peak_mb(), time.process_time()
            while result.packets < packets and not result.failures:
                begun = time.monotonic()
                fuzzer.batch(min(BATCH, packets - result.packets))
                result.slowest_s = max(result.slowest_s, time.monotonic() - begun)
            result.seconds, result.growth_mb = time.process_time() - start_s, peak_mb() - before_mb
            fuzzer.look_after()
            closing = time.monotonic()
            link.close()
            if time.monotonic() - closing > CLOSE_LIMIT_S:
                result.fail("closing took too long")
    finally:
        threading.excepthook = hook
    for error in errors:
        result.fail(f"a thread ended with {error}")
    if result.growth_mb > GROWTH_LIMIT_MB:
        result.fail(f"memory grew by {result.growth_mb:.0f} MB")
    return result


class ClientFuzzer:
    """Feeds one link and knows what it may believe."""

    def __init__(self, rng: random.Random, result: Result, link: CrazyflieLink, robot) -> None:
        self.rng, self.result, self.link, self.robot = rng, result, link, robot
        self.driver = link.crazyflie.link
        self.model = Model(link)
        self.pool: list[bytes] = []
        self.mutator = Mutator(rng, result.kinds, self._genuine, self._hostile)
        self.handled = threading.Event()
        link.crazyflie.packet_received.add_callback(self._on_packet)
        self.threads = threading.active_count()
        self._fill()

    def batch(self, packets: int) -> None:
        """Feed the link, wait until all is handled, and compare."""
        self._fill()
        for _ in range(packets):
            datagram = self.mutator.next()
            self.result.packets += 1
            self._feed(datagram)
            self.model.take(datagram)
        self.handled.clear()
        self._feed(_SENTINEL)
        if not self.handled.wait(BATCH_LIMIT_S):
            self.result.fail("cflib's receiving thread hangs")
            return
        problem = self.model.difference()
        if problem:
            self.result.fail(problem)
        for name in (names.CONTROLLER_PARAM, *names.BUNDLE_ID_PARAMS):
            value = self.link.parameter(name)
            if value is not None and not math.isfinite(value):
                self.result.fail(f"parameter {name} is {value}")

    def look_after(self) -> None:
        """Whatever came, the link works on and no thread or packet was left over."""
        crazyflie = self.link.crazyflie
        checks = {
            "the connection is lost": self.link.health().connected,
            "a thread has ended": crazyflie.incoming.is_alive() and self.link.sender.alive,
            "threads were left": threading.active_count() <= self.threads,
            "log blocks appeared": len(crazyflie.log.log_blocks) == len(self.model.blocks),
            "packets were left": crazyflie.link.in_queue.qsize() < 100,
        }
        for problem, holds in checks.items():
            if not holds:
                self.result.fail(problem)
        self.result.outcomes.update(self.model.outcomes)

    def _feed(self, datagram: bytes) -> None:
        """What cflib's ``_UdpReceiveThread.run`` does with a datagram."""
        data = struct.unpack("B" * len(datagram), datagram)
        if len(data) > 0:
            self.driver.in_queue.put(CRTPPacket(header=data[0], data=data[1:]))

    def _on_packet(self, received: CRTPPacket) -> None:
        if received.port == _SENTINEL[0] >> 4 and bytes(received.data) == _SENTINEL[1:]:
            self.handled.set()

    def _fill(self) -> None:
        """Let the robot fly on for some milliseconds, for fresh log data."""
        self.robot.advance(10)
        fresh = self.robot.take_outgoing()
        self.pool = [*fresh, *self.pool][:200] if fresh else self.pool or [packet(15, 3)]

    def _genuine(self) -> bytes:
        """Log data, or the answer to something that the client might have asked."""
        rng = self.rng
        if rng.random() < 0.75:
            return rng.choice(self.pool)
        ident = struct.pack("<H", rng.randrange(40))
        answers = (
            packet(2, 1, ident + b"\0" + rng.randbytes(rng.choice((1, 2, 4)))),
            packet(2, 2, ident + rng.randbytes(rng.choice((1, 2, 4)))),
            packet(2, 3, b"\1" + ident + rng.choice((b"\1", struct.pack("<f", rng.choice(SUSPICIOUS))))),
            packet(5, 1, bytes((rng.randrange(2, 8), rng.randrange(8), rng.choice((0, 0, 2, 12, 17, 255))))),
            packet(5, 0, b"\3" + struct.pack("<HI", rng.getrandbits(16), rng.getrandbits(32))),
            packet(15, 1, b"Bitcraze Crazyflie\0"),
            packet(15, 0, struct.pack("<Bd", 0, rng.choice(SUSPICIOUS))),
            packet(13, 1, bytes((0, rng.getrandbits(8)))),
            packet(4, 0, bytes((1, rng.getrandbits(8)))),
            packet(4, 0, bytes((2, rng.getrandbits(8), rng.randrange(30))) + rng.randbytes(12)),
            packet(6, 1, bytes((rng.randrange(13),)) + rng.randbytes(25)),
            packet(9, 0, b"\x8c" + rng.randbytes(2)),
            packet(0, 0, b"console \xff\xfe"),
        )
        return rng.choice(answers)

    def _hostile(self) -> bytes:
        """Log data of the right size whose numbers are no measurement, of the wrong size, or of a block unasked for."""
        rng = self.rng
        block = rng.choice(list(self.model.blocks))
        layout = self.model.layout(block)
        values = [rng.choice(SUSPICIOUS) if rng.random() < 0.3 else rng.uniform(-1, 1) for _ in layout]
        data = b"".join(_pack(kind, value) for kind, value in zip(layout, values))
        dice = rng.random()
        if dice < 0.15:
            data = data[: rng.randrange(len(data))]
        elif dice < 0.3:
            data += rng.randbytes(rng.randrange(1, 5))
        elif dice < 0.4:
            block = rng.getrandbits(8)
        return packet(5, 2, bytes((block,)) + rng.randbytes(3) + data)


class Model:
    """What an honest reader makes of the log data."""

    def __init__(self, link: CrazyflieLink) -> None:
        self.link = link
        self.blocks = {block.id: block for block in link.crazyflie.log.log_blocks}
        self.outcomes: Counter[str] = Counter()
        self.pose: dict[str, float] = {}
        self.state: dict[str, float] | None = None
        before = link.read()
        self.battery_v = math.nan if before is None else before.battery_v

    def layout(self, block: int) -> str:
        """Return the struct letters of a block's variables."""
        return "".join(_SIZES[variable.fetch_as_string] for variable in self.blocks[block].variables)

    def take(self, datagram: bytes) -> None:
        """Follow one packet."""
        if len(datagram) < 5 or datagram[0] >> 4 != 5 or datagram[0] & 3 != 2 or datagram[1] not in self.blocks:
            return
        block = self.blocks[datagram[1]]
        layout = "<" + self.layout(datagram[1])
        if len(datagram) != 5 + struct.calcsize(layout):
            self.outcomes["log data of the wrong size"] += 1
            return
        values = dict(zip((variable.name for variable in block.variables), struct.unpack(layout, datagram[5:])))
        self.outcomes[block.name] += 1
        if block.name == "s2m_pose":
            self.pose = values
        elif block.name == "s2m_power":
            self.battery_v = values[names.BATTERY_LOG]
        elif block.name == "s2m_attitude" and self.pose:
            self.state = {**self.pose, **values, names.BATTERY_LOG: self.battery_v}

    def difference(self) -> str:
        """Return how the link's state differs from what it may be; empty if it does not."""
        state, seen = self.state, self.link.read()
        if state is None or seen is None:
            return ""
        quaternion = [state[name] for name in names.ATTITUDE_BLOCK]
        sound = abs(math.sqrt(sum(value * value for value in quaternion)) - 1.0) < 0.05
        numbers = [state[name] for name in (*names.POSE_BLOCK, *names.ATTITUDE_BLOCK, *names.GYRO_BLOCK)]
        finite = sound and all(map(math.isfinite, numbers))
        self.outcomes["finite" if finite else "not finite"] += 1
        if seen.finite != finite:
            return f"finite is {seen.finite} for {state}"
        same = _equal((*seen.position_w, *seen.velocity_w), [state[name] for name in names.POSE_BLOCK])
        if not same or not _equal((seen.battery_v,), [state[names.BATTERY_LOG]]):
            return f"{seen} is not {state}"
        if seen.armed != bool(int(state[names.SUPERVISOR_LOG]) >> 1 & 1):
            return f"armed is {seen.armed} for {state}"
        return ""


@contextmanager
def _connected(seed: int):
    """A link whose robot answers until it is connected, and is silent then."""
    robot = build_virtual_crazyflie(None, Options("stock", seed))
    with Server(robot, free_uri()) as server:
        uri = "udp://{}:{}".format(*server.endpoints[0].socket.getsockname())
        thread = threading.Thread(target=server.run)
        thread.start()
        link = CrazyflieLink(uri, "attitude_thrust")
        try:
            link.open()
            server.stop()
            thread.join()
            yield link, robot
        finally:
            server.stop()
            thread.join()
            link.close()


_SENTINEL = packet(14, 2, b"the last of this batch")
"""On a port that nobody uses."""


def _pack(kind: str, value: float) -> bytes:
    if kind in "BH":
        return struct.pack("<" + kind, int(abs(value)) % 256 if math.isfinite(value) else 255)
    if kind == "e" and abs(value) > 65504.0:
        value = math.copysign(math.inf, value)
    return struct.pack("<" + kind, value)


def _equal(first, second) -> bool:
    return all(a == b or (math.isnan(a) and math.isnan(b)) for a, b in zip(first, second))
