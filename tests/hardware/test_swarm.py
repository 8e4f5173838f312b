"""The swarm: URIs, places, loops in turn, one robot's trouble, and whole flights over the real client library."""

import signal
import subprocess
import sys
import threading
from itertools import pairwise
from types import SimpleNamespace

import pytest

from hardware import swarm
from hardware.control_loop import RunRecord
from hardware.loop import PacedLoop
from hardware.operator_signals import OperatorSignals
from hardware.swarm import Args, check_separation, expand
from hardware.swarm_loop import Member, fly_together
from hardware.virtual.process import ROOT, VirtualProcess, free_uri
from sim.errors import ConfigError, FlightAbortedError, FlightRefusedError

NS = 1_000_000_000


def ports(uri, count):
    first = int(uri.rpartition(":")[2])
    return f"udp://127.0.0.1:{first}-{first + count - 1}"


def test_a_range_of_ports_stands_for_several_robots():
    assert expand(["udp://h:7-9", "radio://0/80/2M/E7"]) == [
        "udp://h:7",
        "udp://h:8",
        "udp://h:9",
        "radio://0/80/2M/E7",
    ]


@pytest.mark.parametrize(
    "uris", [[], ["udp://h:9-7"], ["udp://h:1-1000"], ["udp://h:1", "udp://h:1"], ["serial:///dev/ttyACM0"], ["x"]]
)
def test_uris_that_name_no_swarm_are_refused(uris):
    with pytest.raises(ConfigError):
        expand(uris)


def at(uri, *position):
    return SimpleNamespace(uri=uri, read=lambda: SimpleNamespace(position_w=position))


def test_robots_that_stand_too_close_are_not_flown():
    links = [at("a", 0.0, 0.0, 0.0), at("b", 1.0, 0.0, 0.0), at("c", 1.1, 0.1, 0.0)]
    check = check_separation(links, 0.3)
    assert not check.passed
    assert "b and c" in check.detail
    assert check_separation(links[:2], 0.3).passed
    assert check_separation(links[:1], 0.3).passed
    assert not check_separation([links[0], at("d", float("nan"), 0.0, 0.0)], 0.3).passed


class SteppedClock:
    """Time moves only while somebody sleeps."""

    def __init__(self):
        self.ns = 0

    def now_ns(self):
        return self.ns

    def sleep_until(self, deadline_ns):
        self.ns = max(self.ns, deadline_ns)


class Loop:
    """What ``fly_together`` sees of a control loop: steps until its end, a stop, or its own trouble."""

    period_s = 0.01

    def __init__(self, clock, signals, steps=100, fault_at=None, error_at=None):
        self.link, self.record = SimpleNamespace(clock=clock), RunRecord()
        self.clock, self.signals = clock, signals
        self.steps, self.fault_at, self.error_at = steps, fault_at, error_at
        self.times, self.abandoned = [], threading.Event()

    def paced(self, offset_s):
        loop = PacedLoop(self._step, self.period_s, self.clock, offset_s)
        self.record.timing = loop.timing
        return loop

    def abandon(self):
        self.abandoned.set()

    def _step(self, now_ns):
        self.times.append(now_ns)
        if len(self.times) == self.error_at:
            raise ZeroDivisionError("broken")
        if len(self.times) == self.fault_at:
            self.record.faults.append({"fault": "link_lost"})
            return False
        return len(self.times) < self.steps and not self.signals.stop


def members(*troubles):
    clock, signals = SteppedClock(), OperatorSignals()
    return [Member(str(n), Loop(clock, signals, **trouble)) for n, trouble in enumerate(troubles)], signals


def test_every_loop_keeps_its_rate_and_they_take_turns():
    swarm_, signals = members({}, {}, {}, {"steps": 50})
    assert fly_together(swarm_, signals) is None
    assert [len(member.loop.times) for member in swarm_] == [100, 100, 100, 50]
    assert [member.rate_hz for member in swarm_] == pytest.approx([100.0] * 4)
    starts = [member.loop.times[0] for member in swarm_]
    assert [b - a for a, b in pairwise(starts)] == [NS // 400] * 3
    assert swarm_[3].loop.record.duration_s == pytest.approx(0.49)


@pytest.mark.parametrize("land_all", [True, False])
def test_a_fault_of_one_lands_the_others_or_they_go_on(land_all):
    swarm_, signals = members({}, {"fault_at": 20}, {})
    assert fly_together(swarm_, signals, land_all) is swarm_[1]
    assert signals.stop == land_all
    assert [len(member.loop.times) for member in swarm_] == ([21, 20, 20] if land_all else [100, 20, 100])


def test_a_broken_loop_is_abandoned_and_the_others_fly_on():
    swarm_, signals = members({}, {"error_at": 10})
    assert fly_together(swarm_, signals, land_all=False) is swarm_[1]
    assert swarm_[1].loop.abandoned.is_set()
    assert "ZeroDivisionError" in swarm_[1].error
    assert len(swarm_[0].loop.times) == 100
    assert not swarm_[0].loop.abandoned.is_set()


def test_nothing_moves_before_every_robot_passed(pd_bundle):
    uri = free_uri()
    options = ("--bundle", str(pd_bundle.path), "--count", "2")
    with (
        VirtualProcess(uri=uri, options=(*options, "--spacing", "0.1")),
        pytest.raises(FlightRefusedError, match="apart"),
    ):
        swarm.run(Args(pd_bundle.path, (ports(uri, 2),), check_only=True))


def test_the_plan_is_checked_before_any_packet(pd_bundle):
    with pytest.raises(ConfigError, match="ceiling"):
        swarm.run(Args(pd_bundle.path, ("udp://127.0.0.1:1",), height=50.0))


@pytest.mark.slow
def test_three_robots_fly_and_land(pd_bundle, tmp_path):
    uri = free_uri()
    with VirtualProcess(uri=uri, options=("--bundle", str(pd_bundle.path), "--count", "3")) as robots:
        result = swarm.run(
            Args(pd_bundle.path, (ports(uri, 3),), hold=3.0, step=0.3, dwell=1.5, logs=tmp_path / "logs")
        )
        robots.stop()
        events = robots.events()
    assert result["swarm"]["completed"] == 3
    assert result["swarm"]["rate_hz_min"] > 95.0
    assert sorted(path.name for path in (tmp_path / "logs").iterdir()) == [f"robot-{n}.mcap" for n in range(3)]
    assert [robot["on_ground"] and robot["airborne_s"] > 0.0 for robot in events["robots"]] == [True] * 3


@pytest.mark.slow
@pytest.mark.parametrize("on_fault", ["land-all", "go-on"])
def test_a_lost_robot(pd_bundle, tmp_path, on_fault):
    uri = free_uri()
    options = ("--bundle", str(pd_bundle.path), "--count", "3", "--fault", "1/link-loss@flying+4")
    with VirtualProcess(uri=uri, options=options) as robots:
        with pytest.raises(FlightAbortedError, match="link_lost") as caught:
            swarm.run(Args(pd_bundle.path, (ports(uri, 3),), hold=6.0, logs=tmp_path, on_fault=on_fault))
        robots.stop()
        events = robots.events()
    flights = [robot["flight"] for robot in caught.value.result["robots"]]
    assert [flight["completed"] for flight in flights] == [on_fault == "go-on", False, on_fault == "go-on"]
    assert all(robot["on_ground"] for robot in events["robots"])


@pytest.mark.slow
def test_ctrl_c_lands_all(pd_bundle, tmp_path):
    uri = free_uri()
    with VirtualProcess(uri=uri, options=("--bundle", str(pd_bundle.path), "--count", "2")) as robots:
        command = [sys.executable, "-m", "sim2metal", "swarm", str(pd_bundle.path), "--uris", ports(uri, 2)]
        process = subprocess.Popen(
            [*command, "--hold", "60", "--logs", str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        try:
            for line in process.stdout:
                if "take off" in line:
                    break
            threading.Timer(5.0, process.send_signal, [signal.SIGINT]).start()
            process.wait(40)
        finally:
            process.kill()
        robots.stop()
        events = robots.events()
    assert process.returncode == FlightAbortedError.exit_code
    assert all(robot["on_ground"] and robot["airborne_s"] is not None for robot in events["robots"])
