"""A robot that speaks ``unitree_go``: the link finds out by itself, from real samples of a bare publisher."""

import threading
import time

import numpy as np
import pytest

from hardware.dds import motion_switcher, topics
from hardware.dds.domain import join, leave, parse_uri
from hardware.dds.frames import GoLowCmd, GoLowState
from hardware.dds.link import DdsLink
from hardware.dds.profiles import GO2
from hardware.virtual.humanoid.domain import free_dds_uri
from sim.errors import ConfigError
from sim.spec import JointParameters
from tests.hardware.dds.conftest import JOINTS, wait_until

N = len(GO2.motor_joints)
DOG = JointParameters("test", GO2.motor_joints, *[(1.0,) * N] * 8, 0.3, (), (), "test")


@pytest.fixture
def dog():
    """Publishes states and nothing else: no motion switcher answers."""
    uri, done = free_dds_uri(), threading.Event()
    participant = join(parse_uri(uri))
    states = topics.writer(participant, topics.LOW_STATE, GoLowState)

    def publish():
        frame = GoLowState()
        frame.record["imu_state"]["quaternion"] = (1.0, 0.0, 0.0, 0.0)
        frame.record["motor_state"]["q"][:N] = 0.1 * np.arange(N)
        frame.record["power_v"] = 29.0
        while not done.wait(0.002):
            frame.record["tick"] += 2
            frame.seal()
            states.write(frame)

    thread = threading.Thread(target=publish)
    thread.start()
    yield uri, participant
    done.set()
    thread.join()
    leave(participant)


def test_its_states_are_read(dog):
    with DdsLink(dog[0], joints=DOG) as link:
        state = link.read()
        assert link.exchange.profile.robot == "go2"
        np.testing.assert_allclose(state.position, 0.1 * np.arange(N), rtol=1e-6)
        assert state.battery_v == 29.0


def test_a_humanoids_joints_are_refused(dog):
    with pytest.raises(ConfigError, match="robot 'go2' has no joint 'left_hip_pitch_joint'"):
        DdsLink(dog[0], joints=JOINTS).open()


def test_without_an_answer_of_the_motion_switcher_nothing_is_sent(dog, monkeypatch):
    monkeypatch.setattr(motion_switcher, "CALL_TIMEOUT_S", 0.3)
    uri, participant = dog
    commands = topics.reader(participant, topics.LOW_CMD, GoLowCmd)
    with DdsLink(uri, joints=DOG) as link:
        link.request_arm(True)
        wait_until(lambda: link.problem.startswith("the robot's motion switcher does not answer"))
        link.write([0.0] * N)
        link.safe_stop("damp")
        time.sleep(0.02)
        assert not link.read().armed
    assert commands.take(10) == []
