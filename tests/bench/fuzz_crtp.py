"""Hostile CRTP packets: a million mutated ones, half into the virtual Crazyflie, half into the real client.

CRTP has no checksum, so a damaged packet that is still well-formed is obeyed, as by the real robot.
What must hold: nothing raises, hangs or grows, and no set-point, plan, arming, position or parameter
is taken from a packet that is malformed or out of range. What a packet may do is judged from its
bytes (``crtp_oracle``), not asked of the robot's decoders. The client's half is ``fuzz_cflib``.
"""

from __future__ import annotations

import dataclasses
import gc
import math
import random
import resource
import struct
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from firmware_export.onboard import OnboardController
from hardware.virtual.crazyflie.build import ROBOT, load_onboard
from hardware.virtual.crazyflie.robot import Options, Profile, VirtualCrazyflie
from policies.bundle import load_bundle
from sim.registry import load_robot
from tests.bench.crtp_oracle import Oracle
from tests.bench.crtp_packets import MOST_BYTES, ClientPackets, Mutator, packet

PACKETS = 1_000_000
"""Into both ends together."""
FLIGHT = 10_000
"""Packets before a fresh robot takes off: most flights end much earlier."""
STEP_EVERY = 20
"""Packets in a millisecond of the robot's time."""
FLIGHT_LIMIT_S = 60.0
"""A flight takes some tenths of a second; one this slow counts as a hang."""
GROWTH_LIMIT_MB = 64.0
MOST_REPLIES = 1
"""Packets that one request may be answered with, besides log data."""
MOST_FAILURES = 20


@dataclass
class Result:
    """What a run found."""

    packets: int = 0
    flying: int = 0
    """Packets that arrived in the air."""
    taken: Counter[str] = field(default_factory=Counter)
    """What the robot took, by kind."""
    seconds: float = 0.0
    """CPU time."""
    growth_mb: float = 0.0
    slowest_s: float = 0.0
    """Slowest flight."""
    kinds: Counter[str] = field(default_factory=Counter)
    """Packets by mutation."""
    outcomes: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    @property
    def packets_per_s(self) -> float:
        return self.packets / self.seconds if self.seconds else math.nan

    def fail(self, text: str) -> None:
        if len(self.failures) < MOST_FAILURES:
            self.failures.append(text)


def measure() -> dict[str, Any]:
    """Return the figures of the full run."""
    from tests.bench.fuzz_cflib import fuzz_client
    from tests.support.pd_policy import build_pd_bundle

    with tempfile.TemporaryDirectory() as name:
        bundle = build_pd_bundle(Path(name) / "bundle").path
        robot = fuzz_robot(PACKETS // 2, bundle)
    client = fuzz_client(PACKETS // 2)
    return {
        "fuzz.packets": robot.packets + client.packets,
        "fuzz.crtp_found": [*robot.failures, *client.failures],
        "fuzz.crtp_flying": robot.flying,
        "fuzz.crtp_taken": dict(robot.taken),
        "fuzz.crtp_robot_packets_per_s": robot.packets_per_s,
        "fuzz.crtp_client_packets_per_s": client.packets_per_s,
        "fuzz.crtp_growth_mb": max(robot.growth_mb, client.growth_mb),
        "fuzz.crtp_slowest_batch_s": max(robot.slowest_s, client.slowest_s),
    }


def fuzz_robot(packets: int, bundle: Path, seed: int = 0) -> Result:
    """Push ``packets`` mutated packets into robots of both profiles by turns, in the air for as long as they stay."""
    rng, result = random.Random(seed), Result()
    onboard = load_onboard(load_bundle(bundle))
    flight = 0
    before_mb = math.nan
    start_s = time.process_time()
    while result.packets < packets:
        begun = time.monotonic()
        profile: Profile = "stock" if flight % 2 else "policy"
        RobotFuzzer(rng, result, onboard, profile).fly(min(FLIGHT, packets - result.packets))
        result.slowest_s = max(result.slowest_s, time.monotonic() - begun)
        flight += 1
        gc.collect()  # a robot is a ring of references, and its MuJoCo memory does not count for the collector
        if flight == 2:  # what is loaded at the first use is no growth
            before_mb = peak_mb()
    result.seconds = time.process_time() - start_s
    result.growth_mb = peak_mb() - before_mb if flight > 2 else 0.0
    if result.growth_mb > GROWTH_LIMIT_MB:
        result.fail(f"memory grew by {result.growth_mb:.0f} MB")
    if result.slowest_s > FLIGHT_LIMIT_S:
        result.fail(f"a flight took {result.slowest_s:.0f} s")
    return result


class RobotFuzzer:
    """One robot, one flight."""

    def __init__(self, rng: random.Random, result: Result, onboard: OnboardController, profile: Profile) -> None:
        self.rng, self.result = rng, result
        onboard.restart()
        options = Options(profile, seed=rng.getrandbits(31))
        self.robot = robot = VirtualCrazyflie(load_robot(ROBOT).parameters(), onboard, options)
        parameters = list(robot.parameters)
        self.oracle = Oracle(parameters)
        client = ClientPackets(rng, parameters)
        self.mutator = Mutator(rng, result.kinds, client.genuine, client.hostile)
        self.taken: list[tuple[str, object]] = []
        self._watch()

    def fly(self, packets: int) -> None:
        """Take off, then send ``packets`` packets, or fewer if the robot can never fly again."""
        self._take_off()
        for number in range(packets):
            self._send(self.mutator.next())
            if number % STEP_EVERY == 0:
                self._advance(1)
                if self.robot.supervisor.locked:
                    break
                if number % 1000 == 0 and not self.robot.supervisor.can_fly:
                    self._take_off()
        if not self.robot.body.healthy:
            self.result.fail("the body's state is not finite")
        self.result.outcomes.update(self.robot.events.counters)

    def _take_off(self) -> None:
        for request in (packet(9, 1, b"\2"), packet(9, 1, b"\1\1")):
            self.robot.receive(request)
        self._advance(600)
        self.robot.receive(packet(8, 0, b"\7\0" + struct.pack("<ffBf", 0.5, 0.0, 1, 1.0)))
        self._advance(1000)
        self.taken.clear()

    def _watch(self) -> None:
        """Note what the robot takes, below the decoders."""
        robot = self.robot
        for owner, name, kind in (
            (robot.commander, "accept", "setpoint"),
            (robot.supervisor, "request_arming", "arming"),
            (robot.supervisor, "emergency_stop", "emergency stop"),
            (robot.parameters, "write", "parameter"),
            (robot.estimator, "measure_position", "position"),
            *((robot.high_level, name, "plan") for name in ("takeoff", "land", "go_to", "stop")),
        ):
            self._tap(owner, name, kind)

    def _tap(self, owner: object, name: str, kind: str) -> None:
        original = getattr(owner, name)

        def tapped(*arguments, **named):
            self.taken.append((kind, (*arguments, *named.values())))
            return original(*arguments, **named)

        setattr(owner, name, tapped)

    def _advance(self, duration_ms: int) -> None:
        try:
            self.robot.advance(duration_ms)
        except Exception as error:  # noqa: BLE001 (any exception at all is a finding)
            self.result.fail(f"robot's time: {type(error).__name__}: {error}")
        self.robot.take_outgoing()
        self.taken.clear()  # the robot's own doing, e.g. its watchdog

    def _send(self, datagram: bytes) -> None:
        self.result.packets += 1
        self.result.flying += self.robot.supervisor.flying
        try:
            self.robot.receive(datagram)
            replies = self.robot.take_outgoing()
        except Exception as error:  # noqa: BLE001
            self.result.fail(f"robot: {type(error).__name__}: {error} on {datagram.hex()}")
            return
        if len(replies) > MOST_REPLIES or any(len(reply) > MOST_BYTES for reply in replies):
            self.result.fail(f"answered with {[reply.hex() for reply in replies]}: {datagram.hex()}")
        for kind, arguments in self.taken:
            self.result.taken[kind] += 1
            problem = self._judge(kind, arguments, datagram)
            if problem:
                self.result.fail(f"{kind} taken {problem}: {datagram.hex()} as {arguments}")
        self.taken.clear()

    def _judge(self, kind: str, arguments: tuple, datagram: bytes) -> str:
        """Return what is wrong with having taken this from ``datagram``; empty if nothing is."""
        oracle = self.oracle
        if kind == "setpoint":
            sent = oracle.setpoint(datagram)
            if sent is None:
                return "from a packet that holds none"
            return "" if _faithful(datagram, sent, arguments[0]) else "not as it was sent"
        if kind == "parameter":
            return "" if oracle.parameter(datagram) == tuple(arguments) else "not as it was sent"
        if kind == "arming":
            return "" if oracle.arming(datagram) is arguments[0] else "not as it was sent"
        allowed = {"plan": oracle.plan, "position": oracle.position, "emergency stop": oracle.emergency_stop}[kind]
        if allowed(datagram) in (None, False):
            return "from a packet that holds none"
        numbers = [value for value in _flatten(arguments) if isinstance(value, float)]
        return "" if all(map(math.isfinite, numbers)) else "with a number that is none"


def _faithful(datagram: bytes, sent: tuple[float, ...], setpoint: object) -> bool:
    """Whether a set-point's numbers are finite, and those of a position the very ones that were sent."""
    fields = dataclasses.asdict(setpoint)  # type: ignore[call-overload]
    if not all(math.isfinite(value) for value in _flatten(fields.values())):
        return False
    if datagram[0] >> 4 == 7 and datagram[1] == 7:
        return fields["position_w"] == sent[:3]
    return True


def _flatten(values: object) -> list[float]:
    if isinstance(values, (int, float)):
        return [values]
    if isinstance(values, str) or values is None:
        return []
    return [number for value in values for number in _flatten(value)]  # type: ignore[attr-defined]


def peak_mb() -> float:
    """Return the most memory this process ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
