"""The virtual humanoid as a process, by real DDS: the command line, lock-step, hostile samples."""

import json
import time

import numpy as np
import pytest

import sim2metal
from hardware.dds import topics
from hardware.dds.domain import join, leave, parse_uri
from hardware.dds.frames import HgLowCmd, HgLowState
from hardware.dds.link import DdsLink
from hardware.dds.messages.api import Request
from hardware.dds.motion_switcher import MotionSwitcher
from hardware.virtual.humanoid.domain import free_dds_uri
from hardware.virtual.process import VirtualProcess
from sim.registry import load_robot

JOINTS = load_robot("g1").parameters()


def wait_until(condition, timeout_s=10.0):
    deadline = time.monotonic() + timeout_s
    while not (result := condition()):
        assert time.monotonic() < deadline, "did not happen"
        time.sleep(0.002)
    return result


class Client:
    """A bare controller on the robot's topics."""

    def __init__(self, uri):
        participant = join(parse_uri(uri))
        self.commands = topics.writer(participant, topics.LOW_CMD, HgLowCmd)
        self.states = topics.reader(participant, topics.LOW_STATE, HgLowState, depth=64)
        self.switcher = MotionSwitcher(participant)
        wait_until(lambda: topics.num_readers(self.commands) and topics.num_writers(self.states))
        self.participant = participant

    def close(self):
        leave(self.participant)

    def newest_tick(self):
        frames = [frame for frame in self.states.take(64) if isinstance(frame, HgLowState)]
        return frames[-1] if frames else None


def command(kp=60.0, q=0.0):
    frame = HgLowCmd()
    frame.record["mode_machine"] = 5
    motors = frame.record["motor_cmd"][:29]
    motors["mode"], motors["q"], motors["kp"], motors["kd"] = 1, q, kp, 2.0
    frame.seal()
    return frame


def lock_step_run(seed):
    """Drive the robot 100 periods as fast as it answers; returns every state."""
    options = ("--lock-step", "--hang", "--released", "--seed", str(seed))
    with VirtualProcess("humanoid", uri=free_dds_uri(), options=options) as robot:
        client = Client(robot.uri)
        tick, images = int(wait_until(client.newest_tick).record["tick"]), []
        for number in range(100):
            client.commands.write(command(q=0.1 * np.sin(0.1 * number)))
            state = wait_until(
                lambda t=tick: next((s for s in [client.newest_tick()] if s and s.record["tick"] > t), None)
            )
            assert int(state.record["tick"]) == tick + 2
            tick = int(state.record["tick"])
            images.append(state.image.tobytes())
        client.close()
        return tick, images


def test_in_lock_step_time_moves_by_commands_and_a_seed_repeats_it():
    first, second = lock_step_run(seed=1), lock_step_run(seed=1)
    assert first == second
    assert first[0] < 1000, "far less than a second of the robot's time has passed"
    assert lock_step_run(seed=2) != first


@pytest.fixture(scope="module")
def robot():
    with VirtualProcess("humanoid", uri=free_dds_uri(), options=("--hang", "--released")) as process:
        yield process


def test_damaged_states_are_refused_by_the_link(robot):
    with DdsLink(robot.uri, joints=JOINTS) as link:
        robot.inject("bit-flips=50:0.5")
        wait_until(lambda: link.read() and link.exchange.states.counters["bad_checksum"] > 10)
        assert link.read().finite


def test_lost_doubled_and_late_states_are_survived(robot):
    with DdsLink(robot.uri, joints=JOINTS) as link:
        for fault in ("packet-loss=30:0.4", "duplication=30:0.4", "reordering=30:0.4", "delay=20:0.4", "jitter=10:0.4"):
            robot.inject(fault)
        counters = link.exchange.states.counters
        wait_until(lambda: link.read() and counters["repeated"] and counters["overtaken"])
        ticks = []
        for _ in range(100):
            ticks.append(link.read().robot_ms)
            time.sleep(0.004)
        assert ticks == sorted(ticks)


def test_hostile_samples_from_the_network_change_nothing(robot):
    """Real DDS samples of the right type with wrong content, and requests that are none."""
    client, rng = Client(robot.uri), np.random.default_rng(0)
    requests = topics.writer(client.participant, topics.MOTION_REQUEST, Request)
    before = robot.events()["counters"]
    for number in range(300):
        frame = command(q=float("nan") if number % 3 == 0 else 0.0)
        if number % 3:
            frame.image[rng.integers(0, len(frame.image), 5)] ^= 0x5A
        client.commands.write(frame)
        if number % 50 == 0:
            from hardware.dds.messages.api import RequestHeader, RequestIdentity, RequestLease, RequestPolicy

            header = RequestHeader(RequestIdentity(number, 1002), RequestLease(-1), RequestPolicy(9, False))
            requests.write(Request(header, "[" * 2000, [1, 2, 3]))
        time.sleep(0.002)

    def grown():
        counters = robot.events()["counters"]
        return (
            counters.get("bad_checksum", 0) > before.get("bad_checksum", 0) + 100
            and counters.get("out_of_range", 0) > 50
        )

    wait_until(grown)
    assert robot.events()["counters"].get("commands", 0) == before.get("commands", 0)
    assert client.switcher.active_mode() == ""
    client.close()


def cli(*arguments):
    return sim2metal.main(["virtual", "humanoid", *arguments])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--uri", "udp://127.0.0.1:1"), "a robot on DDS has a URI like"),
        (("--uri", "dds://nope0"), "no network interface 'nope0' here"),
        (("--robot", "go2"), "--robot go2: choose one of: g1"),
        (("--charge", "2"), "--charge 2.0: expected a number from 0 to 1"),
        (("--fault", "kick"), "unknown fault 'kick'"),
        (("--fault", "lower@3"), "'lower' needs the crane: add --hang"),
    ],
)
def test_bad_options_are_refused_in_one_line(arguments, message, capsys):
    assert cli(*arguments) in (2, 5)
    text = " ".join("".join(capsys.readouterr()).split())
    assert message in text
    assert "Traceback" not in text


def test_a_run_ends_by_itself_and_writes_its_events(tmp_path, capsys):
    path = tmp_path / "events.json"
    assert cli("--uri", free_dds_uri(), "--duration", "0.5", "--events", str(path), "--fault", "push=0.2@0.1") == 0
    assert "virtual humanoid ready on dds://lo?domain=" in capsys.readouterr().out
    document = json.loads(path.read_text())
    assert [event["event"] for event in document["events"]] == ["started", "fault_injected"]
    assert document["pelvis_height_m"] > 0.7
