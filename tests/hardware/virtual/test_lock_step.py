"""Lock-step with the real clients, in processes of their own: the same to the bit, however busy the computer."""

import json
import subprocess
import sys
import threading

import pytest

from hardware.crazyflie.link import CrazyflieLink
from hardware.lock_step import Companion, LockStepClock, StepSender, split_clock
from hardware.serial.link import SerialLink
from hardware.virtual.humanoid.domain import free_dds_uri
from hardware.virtual.process import ROOT, VirtualProcess
from sim.errors import ConfigError, LinkError
from tests.support.untrained_bundles import untrained_bundle

SHORT = ("--height", "0.3", "--hold", "0.5", "--step", "0.1", "--dwell", "0.4", "--settle", "0.2")
LINK_FAULTS = ("packet-loss=3@armed+0", "duplication=3@armed+0", "reordering=2@armed+0", "jitter=6@armed+0")


def uri_of(robot):
    return f"{robot.uri}{'&' if '?' in robot.uri else '?'}clock=robot"


def run(kind, bundle, folder, *options, virtual=(), busy=False):
    """Run a bundle against a robot in lock-step; returns the truth about its body and the result."""
    folder.mkdir()
    truth, result = folder / "truth.csv", folder / "result.json"
    uri = free_dds_uri() if kind == "humanoid" else None
    with VirtualProcess(kind, uri, ("--lock-step", "--truth", str(truth), *virtual)) as robot:
        files = ("--log", str(folder / "run.mcap"), "--json", str(result))
        command = [sys.executable, "-m", "sim2metal", "run", str(bundle), "--uri", uri_of(robot), "--arm"]
        load = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2 * busy)]
        try:
            done = subprocess.run([*command, *options, *files], cwd=ROOT, capture_output=True, text=True, timeout=300)
        finally:
            for process in load:
                process.kill()
                process.wait()
    return truth.read_bytes(), json.loads(result.read_text()), done


@pytest.fixture(scope="module")
def pose(pose_bundle):
    return pose_bundle.path


def test_a_parameter_is_confirmed_over_a_delayed_link_whose_time_stands_still():
    options = ("--lock-step", "--profile", "stock", "--fault", "delay=15")
    with VirtualProcess("crazyflie", None, options) as robot, CrazyflieLink(uri_of(robot), "rates_thrust") as link:
        link.set_parameter("flightmode.stabModeRoll", 0)
        assert link.parameter("flightmode.stabModeRoll") == 0.0


STANDS = {"serial": ("--robot", "g1"), "humanoid": ("--hang",)}


@pytest.mark.slow
@pytest.mark.parametrize("kind", STANDS)
def test_a_stand_is_the_same_to_the_bit(kind, pose, tmp_path):
    """Over DDS the taking over of the joints, which has a thread of its own, is part of it."""
    options = (*STANDS[kind], "--seed", "3", "--fault", "lower@armed+2.6", "packet-loss=5@armed+0")
    first, result, done = run(kind, pose, tmp_path / "1", "--hold", "1.5", virtual=options)
    second, _, _ = run(kind, pose, tmp_path / "2", "--hold", "1.5", virtual=options, busy=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert first == second
    assert result["run"]["completed"]
    assert result["run"]["max_tilt_deg"] < 10.0


@pytest.mark.slow
def test_over_dds_a_bundle_with_soft_gains_acts_once_the_crane_has_set_the_robot_on_its_feet(tmp_path):
    soft = untrained_bundle(tmp_path / "made", "velocity", "g1").path
    options = ("--hang", "--fault", "set-down@armed+3")
    _, result, done = run("humanoid", soft, tmp_path / "held", "--wait", "3", "--hold", "0.5", virtual=options)
    assert done.returncode == 0, done.stdout + done.stderr
    assert result["run"]["faults"] == []
    assert result["run"]["max_tilt_deg"] < 20.0


@pytest.mark.parametrize("kind", [pytest.param("serial", marks=pytest.mark.slow), "crazyflie"])
def test_a_flight_is_the_same_to_the_bit(kind, pd_bundle, tmp_path):
    options = ("--bundle", str(pd_bundle.path), "--seed", "5", "--fault", *LINK_FAULTS)
    first, result, done = run(kind, pd_bundle.path, tmp_path / "1", *SHORT, virtual=options)
    second, _, _ = run(kind, pd_bundle.path, tmp_path / "2", *SHORT, virtual=options, busy=kind == "serial")
    assert done.returncode == 0, done.stdout + done.stderr
    assert first == second
    assert len(first.splitlines()) > 300
    assert result["flight"]["completed"]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["serial", "crazyflie"])
def test_another_seed_is_another_flight_and_a_lost_link_is_seen_in_the_robots_time(kind, pd_bundle, tmp_path):
    def fly(seed):
        options = ("--bundle", str(pd_bundle.path), "--seed", seed, "--fault", "link-loss@flying+1.5")
        return run(kind, pd_bundle.path, tmp_path / seed, *SHORT, virtual=options)

    (first, result, done), (second, _, _) = fly("1"), fly("2")
    assert first != second
    assert done.returncode == 7, done.stdout + done.stderr
    fault = result["flight"]["faults"][0]
    assert fault["fault"] == "link_lost"
    assert fault["safe_action_ms"] <= 110.0


@pytest.mark.parametrize(("kind", "link"), [("serial", SerialLink), ("crazyflie", CrazyflieLink)])
def test_a_robot_whose_time_does_not_wait_is_refused_in_one_line(kind, link):
    options = ("--profile", "stock") if kind == "crazyflie" else ()
    with VirtualProcess(kind, options=options) as robot, pytest.raises(LinkError, match="leave clock=robot away"):
        link(uri_of(robot), level="motor").open()


def test_a_robot_that_is_gone_is_a_lost_link_and_not_a_wait(monkeypatch):
    monkeypatch.setattr("hardware.serial.stepping.ANSWER_TIMEOUT_S", 0.2)
    with VirtualProcess("serial", options=("--lock-step",)) as robot, SerialLink(uri_of(robot), level="motor") as link:
        link.clock.sleep_until(link.clock.now_ns() + 50_000_000)
        assert link.health().connected
        assert link.clock.now_ns() - link.health().heard_ns <= 10_000_000
        robot.kill()
        link.clock.sleep_until(link.clock.now_ns() + 1_000_000_000)
        assert not link.health().connected


def test_the_clock_moves_in_whole_steps_of_the_robot_and_on_without_it():
    answers = [1000, 1020, 1040, None]
    clock = LockStepClock(lambda: answers.pop(0))
    clock.start()
    assert clock.now_ns() == 1_000_000_000
    clock.sleep_until(1_030_000_000)
    assert clock.now_ns() == 1_040_000_000
    clock.sleep_until(1_100_000_000)
    assert clock.lost
    assert clock.now_ns() == 1_100_000_000
    assert not answers


def test_a_companion_lives_in_the_robots_time_and_never_beside_the_loop():
    times, said = iter(range(10, 1000, 10)), []
    clock = LockStepClock(lambda: next(times))

    def work(pause):
        said.append(("begin", clock.now_ns()))
        pause(0.03)
        said.append(("later", clock.now_ns()))
        pause(10.0)
        said.append("never")

    clock.start()
    companion = Companion(clock, work)
    assert said == [("begin", 10_000_000)]
    clock.sleep_until(100_000_000)
    assert said[1:] == [("later", 40_000_000)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(threading, "excepthook", lambda _: None)  # its pause raised, as it should
        companion.stop()
    assert not companion.alive
    assert "never" not in said


def test_what_arrives_during_a_step_is_as_new_as_its_end():
    seen, times = [], iter((10, 20, 30))
    clock = LockStepClock(lambda: seen.append(clock.now_ns()) or next(times))
    clock.start()
    clock.sleep_until(30_000_000)
    assert seen == [10_000_000, 20_000_000, 30_000_000]


def test_the_sender_sends_urgent_things_first_and_only_when_time_moves():
    sent = []
    sender = StepSender(sent.append)
    sender.command("old")
    sender.urgent("arm")
    sender.measurement("pose")
    sender.command("new")
    assert sent == []
    sender.flush()
    assert sent == ["arm", "new", "pose"]
    sender.command("late")
    sender.urgent("stop")
    sender.drain(0.1)
    assert sent[3:] == ["stop"]


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("udp://127.0.0.1:1?clock=robot", ("udp://127.0.0.1:1", True)),
        ("dds://lo?domain=1&clock=robot", ("dds://lo?domain=1", True)),
        ("serial:///dev/x?clock=host&baud=9600", ("serial:///dev/x?baud=9600", False)),
    ],
)
def test_the_clock_is_taken_out_of_a_uri(uri, expected):
    assert split_clock(uri) == expected


@pytest.mark.parametrize("make", [lambda: split_clock("udp://h:1?clock=sun"),
                                  lambda: SerialLink("serial:///dev/x?clock=sun"),
                                  lambda: CrazyflieLink("radio://0/80/2M?clock=robot")])  # fmt: skip
def test_other_clocks_are_refused(make):
    with pytest.raises(ConfigError):
        make()


def test_strangers_do_not_move_the_time():
    """A second client's packets change nothing: neither its steps nor its commands."""
    with VirtualProcess("serial", options=("--lock-step",)) as robot, SerialLink(uri_of(robot), level="motor") as link:
        before = link.clock.now_ns()
        done = threading.Event()
        done.wait(0.3)
        link.clock.sleep_until(before + 10_000_000)
        assert link.clock.now_ns() == before + 10_000_000, "nothing but steps moves it, however long one waits"
