"""A virtual humanoid without sockets and clocks, and a controller that sends it frames."""

import numpy as np
import pytest

from hardware.dds.frames import HgLowCmd
from hardware.virtual.humanoid.faults import parse_fault
from hardware.virtual.humanoid.motion_service import RELEASE_MS
from hardware.virtual.humanoid.robot import Options, VirtualHumanoid

JOINTS = 29


class Bench:
    """A robot in lock-step."""

    def __init__(self, robot):
        self.robot = robot
        self.pose = np.asarray(robot.body.parameters.default_pose_rad)
        self.kp = np.asarray(robot.body.parameters.kp)
        self.kd = np.asarray(robot.body.parameters.kd)
        self.states = []

    def frame(self, q=None, kp=None, kd=None, mode=1, machine_type=5, **fields):
        frame = HgLowCmd()
        frame.record["mode_machine"] = machine_type
        motors = frame.record["motor_cmd"][:JOINTS]
        motors["mode"] = mode
        motors["q"] = self.pose if q is None else q
        motors["kp"] = self.kp if kp is None else kp
        motors["kd"] = self.kd if kd is None else kd
        for name, value in fields.items():
            motors[name] = value
        frame.seal()
        return frame

    def advance(self, duration_ms):
        self.robot.advance(duration_ms)
        self.states += self.robot.take_states()

    def command(self, seconds=0.0, writer=1, **fields):
        """Stream one command at 500 Hz."""
        frame = self.frame(**fields)
        for _ in range(max(round(500 * seconds), 1)):
            self.robot.receive(frame.copy(), writer)
            self.advance(2)

    def release(self):
        assert self.robot.request(1003, "{}") == (0, "")
        self.advance(RELEASE_MS)

    def inject(self, text):
        self.robot.inject(parse_fault(text))

    def events(self):
        return [event["event"] for event in self.robot.events.events]

    def count(self, name):
        return self.robot.events.counters[name]

    @property
    def stiff(self):
        return bool(self.robot.body.model.actuator_gainprm[:, 0].any())


@pytest.fixture
def make_bench():
    """Makes robots; whatever a test does to them, their physics must have stayed sound."""
    made = []

    def make(*faults, **options):
        made.append(Bench(VirtualHumanoid(Options(**options), [parse_fault(text) for text in faults])))
        return made[-1]

    yield make
    assert all(bench.robot.body.healthy for bench in made)


@pytest.fixture
def bench(make_bench):
    return make_bench()
