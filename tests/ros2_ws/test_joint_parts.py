"""Parts of the nodes for joints, without processes: the gate, the ramp, temperatures, the pace of simulated time."""

import dataclasses
import math
import time

import numpy as np
import pytest

from hardware.states import JointState as State


@pytest.fixture
def clock():
    class Clock:
        now = 10**9

        def now_ns(self):
            return self.now

    return Clock()


def at(info, position):
    """A healthy state of the bundle's robot with its joints at ``position``."""
    n = info.action.size
    zero = (0.0,) * n
    return State(0, 0, tuple(position), zero, zero, (30.0,) * n, (1.0, 0.0, 0.0, 0.0), (0.0,) * 3, 50.0, True)


def targets(info, values, stamp=1):
    from sensor_msgs.msg import JointState

    message = JointState(name=list(info.action.names), position=[float(value) for value in values])
    message.header.stamp.nanosec = stamp
    return message


@pytest.fixture
def gate(pose_bundle, clock):
    from sim2metal_nodes.gate import Gate

    from hardware.joints.pilot import TargetLimiter

    info = pose_bundle.info
    constants = info.robot.constants
    return Gate(info, clock, TargetLimiter(info.limits, constants["kp"], constants["kd"]).limit)


REFERENCE = (0.0, 0.0, 0.0, 0.0)


def test_the_first_target_is_near_the_pose_that_was_found(gate, pose_bundle):
    info = pose_bundle.info
    found = np.clip(np.full(29, 0.4), info.limits.position_low_rad, info.limits.position_high_rad)
    gate.command(REFERENCE, at(info, found))
    out = np.array(gate.limit(targets(info, info.action.nominal)).position)
    step = np.array(info.action.slew_limit) * info.timing.control_period_s
    assert (np.abs(out - found) <= step + 1e-9).all()


def test_no_target_asks_for_more_torque_than_a_motor_has(gate, pose_bundle):
    info = pose_bundle.info
    found = np.asarray(info.action.nominal)
    gate.command(REFERENCE, at(info, found))
    for stamp in range(1, 60):
        out = np.array(gate.limit(targets(info, info.limits.position_high_rad, stamp)).position)
    torque = np.asarray(info.robot.constants["kp"]) * (out - found)
    assert (torque <= np.asarray(info.limits.torque_n_m) + 1e-6).all()
    assert torque.max() > 20.0, "the limit was never reached"


def test_targets_of_other_joints_or_without_numbers_do_not_pass(gate, pose_bundle):
    info = pose_bundle.info
    gate.command(REFERENCE, at(info, info.action.nominal))
    message = targets(info, info.action.nominal)
    message.name = [*message.name[:-1], "tail_joint"]
    assert gate.limit(message) is None
    assert not gate.failed
    assert gate.limit(targets(info, [math.nan] * 29, 2)) is None
    assert gate.failed


def test_temperatures_are_found_by_name_and_grow_old(clock):
    from control_msgs.msg import DynamicJointState, InterfaceValue
    from sim2metal_nodes.temperatures import Temperatures, temperature_message

    newest = Temperatures(clock, ["a", "b"])
    assert not newest.heard
    assert all(map(math.isnan, newest.newest()))
    newest.receive(temperature_message(0, ["b", "c", "a"], [40.0, 50.0, 30.0]))
    assert newest.heard
    assert newest.newest() == (30.0, 40.0)
    clock.now += 600_000_000
    assert all(map(math.isnan, newest.newest())), "a motor that nobody measures must not be relied on"
    broken = DynamicJointState(joint_names=["a", "b"])
    broken.interface_values = [InterfaceValue(interface_names=["temperature", "voltage"], values=[31.0])]
    newest.receive(broken)
    assert newest.newest()[0] == 31.0
    assert math.isnan(newest.newest()[1])
    newest.receive(
        DynamicJointState(joint_names=["a"], interface_values=[InterfaceValue(interface_names=["velocity"])])
    )
    assert not newest.heard


def test_a_motor_of_unknown_temperature_is_a_fault(pose_bundle):
    from hardware.faults import Fault, Observed
    from hardware.joints.faults import joint_faults

    info = pose_bundle.info
    state = at(info, info.action.nominal)
    look = Observed(state, 0.0, 0.0, True, (0.0, 0.0, 0.0))
    assert joint_faults(look, info.limits, True) == []
    cold = dataclasses.replace(state, temperature_c=(math.nan,) * 29)
    assert joint_faults(dataclasses.replace(look, state=cold), info.limits, True) == [Fault.TEMPERATURE]


def test_the_ramp_begins_anew_after_a_silence(peer, pose_bundle, clock):
    from geometry_msgs.msg import TwistStamped
    from sim2metal_nodes.sides import make_side

    from policies.runtime import OnnxPolicy

    side = make_side(peer.node, clock, OnnxPolicy(pose_bundle), "world", "pelvis", lambda _: None, 0.2)
    side.begin()

    def blend_after(steps):
        for _ in range(steps):
            clock.now += 20_000_000
            side._receive(TwistStamped())
            reference, _ = side.reference(clock.now)
        return reference[0]

    assert blend_after(50) == pytest.approx(0.5, abs=0.02)
    assert blend_after(60) == 1.0
    clock.now += 300_000_000
    _, age_s = side.reference(clock.now)
    assert age_s > 0.2
    assert blend_after(1) < 0.05, "the robot may have sunk meanwhile"
    side.close(peer.node)


def test_simulated_time_waits_for_a_late_command_but_not_for_ever():
    from sim2metal_nodes import pace

    def next_quantum(pacer, late, most_s):
        deadline = time.monotonic() + most_s
        while not pacer.wait(late):
            if time.monotonic() > deadline:
                return False
        return True

    pacer = pace.Pace(0.001, 1.0)
    assert next_quantum(pacer, False, 0.1)
    assert not next_quantum(pacer, True, 0.2)
    assert next_quantum(pacer, False, 0.1), "the command came"
    assert pacer.waited_s == pytest.approx(0.2, abs=0.15)
    assert pacer.slipped_s == 0.0
    assert next_quantum(pacer, True, pace.PATIENCE_S + 5.0)
    assert pacer.waited_s > pace.PATIENCE_S
    for _ in range(50):
        assert next_quantum(pacer, True, 0.01), "one that never comes is waited for once"


@pytest.mark.parametrize(("period_ms", "limit_ms"), [(2, 40), (10, 40), (20, 40), (50, 100), (100, 150)])
def test_a_command_is_late_after_two_of_its_periods(period_ms, limit_ms):
    from sim2metal_nodes.pace import CommandWatch

    watch = CommandWatch()
    assert not watch.late(1e6)
    watch.note(1000.0)
    assert not watch.late(1500.0), "nobody knows yet how often they come"
    watch.note(1000.0 + period_ms)
    assert not watch.late(1000 + period_ms + limit_ms)
    assert watch.late(1000 + period_ms + limit_ms + 1)
    watch.note(1000.0 + period_ms)  # repeated: rests on nothing newer
    assert watch.late(1000 + period_ms + limit_ms + 1)
    watch.forget()
    assert not watch.late(1e6)


def test_after_a_pause_of_the_computer_simulated_time_does_not_run_in_a_burst():
    from sim2metal_nodes.pace import Pace

    pacer = Pace(0.001, 1.0)
    pacer.wait(False)
    time.sleep(0.3)
    began, quanta = time.monotonic(), 0
    while time.monotonic() - began < 0.1:
        quanta += pacer.wait(False)
    assert quanta <= 130
    assert pacer.slipped_s > 0.25


def test_a_velocity_grows_old_by_the_given_clock(clock):
    from hardware.behaviour import Mode
    from hardware.joints.operator_mission import JointOperatorMission

    mission = JointOperatorMission(clock)
    mission.start()
    mission.set_velocity((0.3, 0.0, 0.0))
    assert mission.step(0.0, Mode.RUNNING).target == (0.3, 0.0, 0.0)
    clock.now += 600_000_000
    assert mission.step(0.0, Mode.RUNNING).target == (0.0, 0.0, 0.0)
