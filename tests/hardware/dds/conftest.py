"""A virtual humanoid in a process of its own, the link to it, and strangers on its topics."""

import contextlib
import time

import pytest

from hardware.dds import command as command_module
from hardware.dds import take_over, topics
from hardware.dds.domain import join, leave, parse_uri
from hardware.dds.frames import HgLowCmd, HgLowState
from hardware.dds.link import DdsLink
from hardware.virtual.humanoid.domain import free_dds_uri
from hardware.virtual.process import VirtualProcess
from sim.registry import load_robot

JOINTS = load_robot("g1").parameters()


def wait_until(condition, timeout_s=10.0):
    """Wait for something that must happen; the time-out is for a broken build, not a judgement of speed."""
    deadline = time.monotonic() + timeout_s
    while not (result := condition()):
        assert time.monotonic() < deadline, "did not happen"
        time.sleep(0.005)
    return result


@contextlib.contextmanager
def virtual_humanoid(*options):
    with VirtualProcess("humanoid", uri=free_dds_uri(), options=options) as robot:
        yield robot


@pytest.fixture(autouse=True)
def times(monkeypatch):
    """Other controllers are listened for more briefly; a test process that is held up is no host that died."""
    monkeypatch.setattr(take_over, "LISTEN_S", 0.05)
    monkeypatch.setattr(command_module, "MAX_TARGET_AGE_NS", 1_000_000_000)


@pytest.fixture(scope="module")
def robot():
    """On the crane, so that a test may damp it without a fall."""
    with virtual_humanoid("--hang") as process:
        yield process


@pytest.fixture
def link(robot):
    with DdsLink(robot.uri, joints=JOINTS) as opened:
        yield opened


def arm(link):
    link.request_arm(True)
    wait_until(lambda: not link._take_over.under_way)
    assert not link.problem
    assert link.read().armed
    wait_until(lambda: link.read().onboard_mode == 1)  # the robot has heard it


def follow(link, target=JOINTS.default_pose_rad, seconds=0.3):
    """Stream a target at 50 Hz, as a policy does."""
    for _ in range(round(50 * seconds)):
        link.write(target)
        time.sleep(0.02)


def let_pass(link, ms):
    """Wait until the robot's clock has moved on."""
    tick = int(link.exchange.states.frame.record["tick"])
    wait_until(lambda: int(link.exchange.states.frame.record["tick"]) > tick + ms)


def event_names(robot):
    return [event["event"] for event in robot.events()["events"]]


class Stranger:
    """Somebody else on the robot's topics."""

    def __init__(self, uri):
        participant = join(parse_uri(uri))
        self.commands = topics.writer(participant, topics.LOW_CMD, HgLowCmd)
        self.states = topics.reader(participant, topics.LOW_STATE, HgLowState, depth=64)
        self._participant = participant

    def connect(self):
        wait_until(lambda: topics.num_readers(self.commands) and topics.num_writers(self.states))
        return self

    def pretend_to_be_a_robot(self):
        return topics.writer(self._participant, topics.LOW_STATE, HgLowState)

    def command(self, kp=100.0, q=0.0, machine_type=5):
        frame = HgLowCmd()
        frame.record["mode_machine"] = machine_type
        motors = frame.record["motor_cmd"][:29]
        motors["mode"], motors["kp"], motors["kd"], motors["q"] = 1, kp, 2.0, q
        frame.seal()
        return frame

    def close(self):
        leave(self._participant)


@pytest.fixture
def stranger(robot):
    someone = Stranger(robot.uri).connect()
    yield someone
    someone.close()
