"""Parts of the nodes without processes: conversions, the gate, commands, parameters, quality of service."""

import math

import numpy as np
import pytest


@pytest.fixture
def clock():
    class Clock:
        now = 10**9

        def now_ns(self):
            return self.now

    return Clock()


@pytest.fixture
def gate(pd_bundle, clock):
    from sim2metal_nodes.gate import Gate

    return Gate(pd_bundle.info, clock)


def command(values, stamp=1):
    from actuator_msgs.msg import Actuators

    message = Actuators(normalized=[float(value) for value in values])
    message.header.stamp.nanosec = stamp
    return message


REFERENCE = (0.0, 0.0, 0.5, 0.0)


def test_the_gate_is_open_only_while_there_is_a_reference(gate):
    good = command([0.5] * 4)
    assert gate.limit(good) is None
    assert gate.command(REFERENCE, None) == REFERENCE
    assert gate.limit(good) is not None
    gate.command(None, None)
    assert gate.limit(good) is None


def test_the_gate_clips_and_slows_commands(gate, pd_bundle):
    action, period_s = pd_bundle.info.action, pd_bundle.info.timing.control_period_s
    gate.command(REFERENCE, None)
    out = np.array(gate.limit(command([9.0, -9.0, 0.5, 0.6])).normalized)
    step = np.array(action.slew_limit) * period_s
    assert (out <= np.array(action.high)).all()
    assert (out >= np.array(action.low)).all()
    assert (np.abs(out - np.array(action.nominal)) <= step + 1e-12).all()


@pytest.mark.parametrize("bad", [[math.nan, 0, 0, 0], [0.5] * 3, [0.5] * 5, [math.inf] * 4])
def test_the_gate_lets_nothing_through_that_is_no_command(gate, bad):
    gate.command(REFERENCE, None)
    assert gate.limit(command(bad)) is None
    assert gate.rejections.startswith("1 command_in")


def test_a_policy_that_answers_no_number_or_not_at_all_has_failed(gate, clock):
    assert not gate.failed
    gate.command(REFERENCE, None)
    gate.limit(command([0.5] * 4))
    assert not gate.failed
    clock.now += 10**9
    assert gate.failed
    gate.limit(command([0.5] * 4, stamp=2))
    assert not gate.failed
    gate.limit(command([math.nan] * 4, stamp=3))
    assert gate.failed


def test_an_older_command_does_not_overtake_a_newer_one(gate):
    gate.command(REFERENCE, None)
    assert gate.limit(command([0.5] * 4, stamp=5)) is not None
    assert gate.limit(command([0.5] * 4, stamp=4)) is None


def test_references_survive_the_way_through_a_message():
    from sim2metal_nodes.conversions import read_reference, reference_message, stamp_ns

    message = reference_message("world", 12_345_678_901, (1.0, -2.0, 0.5, 2.5))
    assert read_reference("reference", message) == pytest.approx((1.0, -2.0, 0.5, 2.5))
    assert stamp_ns(message) == 12_345_678_901


def test_the_status_message_carries_what_the_supervisor_needs():
    from sim2metal_nodes.status import bits_of, read_status, status_message

    for armed in (True, False):
        for crashed in (True, False):
            bits = bits_of(armed=armed, crashed=crashed, flying=False)
            status = read_status(status_message("cf1", 0, bits, 3.75))
            assert (status.armed, status.crashed, status.battery_v) == (armed, crashed, 3.75)


def test_body_velocity_is_the_world_s_turned_back():
    from sim2metal_nodes.robot_publisher import to_body

    quarter = (math.cos(math.pi / 4), 0.0, 0.0, math.sin(math.pi / 4))
    assert to_body(quarter, (0.0, 1.0, 0.5)) == pytest.approx((1.0, 0.0, 0.5))


def test_joints_are_found_by_name():
    from sensor_msgs.msg import JointState
    from sim2metal_nodes.conversions import RejectedInputError
    from sim2metal_nodes.joint_inputs import read_joints

    message = JointState(name=["c", "a", "b"], position=[3.0, 1.0, 2.0], velocity=[0.3, 0.1, 0.2])
    position, velocity, effort = read_joints("joint_states", message, ["a", "b"])
    assert (position, velocity) == ((1.0, 2.0), (0.1, 0.2))
    assert all(map(math.isnan, effort))
    for broken in (
        JointState(name=["a"], position=[1.0], velocity=[1.0]),
        JointState(name=["a", "b", "a"], position=[1.0] * 3, velocity=[1.0] * 3),
        JointState(name=["a", "b"], position=[1.0], velocity=[1.0] * 2),
        JointState(name=["a", "b"], position=[1.0] * 2, velocity=[1.0] * 2, effort=[1.0]),
    ):
        with pytest.raises(RejectedInputError):
            read_joints("joint_states", broken, ["a", "b"])


def test_streams_are_newest_only_and_what_is_said_once_arrives():
    from rclpy.qos import DurabilityPolicy, ReliabilityPolicy
    from sim2metal_nodes import qos

    for stream in (qos.SENSOR, qos.COMMAND, qos.CLOCK):
        assert (stream.reliability, stream.depth) == (ReliabilityPolicy.BEST_EFFORT, 1)
    assert qos.ASKED.reliability == qos.LATCHED.reliability == ReliabilityPolicy.RELIABLE
    assert qos.LATCHED.durability == DurabilityPolicy.TRANSIENT_LOCAL


def test_the_simulator_s_clock_never_goes_back(peer):
    from rosgraph_msgs.msg import Clock
    from sim2metal_nodes.clocks import SimulatedClock

    clock = SimulatedClock(peer.node)
    for seconds, expected in ((5, 5), (4, 5), (7, 7), (0, 7), (1, 8)):
        message = Clock()
        message.clock.sec = seconds
        clock._tick(message)
        assert clock.now_ns() == expected * 10**9


def test_sim_node_is_the_same_robot_for_the_same_seed():
    from hardware.virtual.multirotor.free_robot import FreeMultirotor
    from sim.registry import load_robot

    def fly(seed):
        robot = FreeMultirotor(load_robot("crazyflie").parameters(), seed)
        robot.request_arm(True)
        for _ in range(200):
            robot.command((0.6, 0.61, 0.6, 0.6))
            robot.advance(5)
        return robot.state(0)

    assert fly(1) == fly(1)
    assert fly(1) != fly(2)
