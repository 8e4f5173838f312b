"""The robot with joints behind no protocol at all: who moves its joints, and what happens when nobody does."""

import math

import numpy as np
import pytest

from hardware.serial.states import Mode
from hardware.virtual.faults import read_fault
from hardware.virtual.joints.free_robot import EVENTS, KINDS, FreeJointRobot
from sim.errors import ConfigError
from sim.registry import load_robot

POSE = np.asarray(load_robot("g1").parameters().default_pose_rad)


def fault(text):
    return read_fault(text, KINDS, EVENTS)


def follow(robot, seconds, targets=POSE):
    for _ in range(round(50 * seconds)):
        robot.command(targets)
        robot.advance(20)


@pytest.fixture
def robot():
    return FreeJointRobot("g1")


@pytest.fixture
def armed(robot):
    robot.advance(500)
    robot.request_arm(True)
    return robot


def test_its_own_controller_holds_it_until_it_is_armed(robot):
    robot.command(POSE)
    robot.advance(3000)
    assert not robot.fallen
    assert not robot.state().armed
    assert robot.events.counters["refused"] == 1


def test_armed_it_stands_as_it_is_and_follows_targets(armed):
    assert armed.state().armed
    armed.advance(1000)
    assert math.degrees(armed.state().tilt_rad) < 4.0
    arm = armed.parameters.joint_names.index("left_elbow_joint")
    bent = POSE.copy()
    bent[arm] += 0.3
    follow(armed, 1.0, bent)
    assert armed.following
    assert armed.body.position[arm] == pytest.approx(bent[arm], abs=0.05)
    assert not armed.fallen


@pytest.mark.parametrize("bad", [POSE[1:], POSE * math.nan, POSE + 9.0, np.full(29, math.inf), []])
def test_what_is_no_command_is_refused(armed, bad):
    armed.command(bad)
    assert not armed.following
    assert armed.events.counters["refused"] == 1


def test_without_commands_it_damps_and_stays_damped(armed):
    follow(armed, 0.2)
    armed.advance(150)
    assert armed.following
    armed.advance(100)
    assert armed.firmware.mode is Mode.FAILSAFE
    assert armed.state().dead_man
    armed.command(POSE)
    armed.advance(2)
    assert not armed.following, "a robot that has sunk must not be thrown back into a pose"


def test_safe_actions_are_only_ever_replaced_by_more_severe_ones(armed):
    follow(armed, 0.1)
    armed.safe_stop("hold")
    armed.advance(100)
    assert math.degrees(armed.state().tilt_rad) < 4.0
    armed.safe_stop("damp")
    armed.safe_stop("hold")
    armed.advance(3000)
    assert armed.fallen
    assert armed.state().armed
    armed.safe_stop("off")
    assert not armed.state().armed
    with pytest.raises(ConfigError, match="cannot 'land'"):
        armed.safe_stop("land")


def test_there_is_no_way_out_of_an_emergency_stop(armed):
    armed.emergency_stop()
    armed.advance(10)
    armed.request_arm(True)
    armed.command(POSE)
    state = armed.state()
    assert state.crashed
    assert not state.armed
    assert not armed.following


def test_an_unarmed_robot_can_be_stopped_for_good_too(robot):
    robot.emergency_stop()
    robot.advance(3000)
    assert robot.fallen, "its own controller holds it no more"


def test_a_robot_that_lies_is_not_armed(robot):
    robot.inject(fault("push=3"))
    robot.advance(3000)
    assert robot.fallen
    robot.request_arm(True)
    assert not robot.state().armed


def test_on_its_crane_it_hangs_and_is_let_down():
    robot = FreeJointRobot("g1", hang=True, faults=[fault("lower@armed+0.5")])
    before = robot.base_w[0][2]
    robot.request_arm(True)
    follow(robot, 3.0)
    assert robot.base_w[0][2] < before - 0.05
    assert not robot.fallen


def test_the_crane_carries_a_soft_robot_that_has_been_set_down_until_it_is_let_go():
    """What a policy that balances needs: a robot that stands in its default pose, with gains too soft to stand."""
    soft = load_robot("g1").parameters("policy")
    robot = FreeJointRobot("g1", gains=(soft.kp, soft.kd), hang=True, faults=[fault("set-down@armed+0.5")])
    robot.request_arm(True)
    follow(robot, 6.0)
    assert robot.body.data.ncon > 0
    assert robot.base_w[0][2] == pytest.approx(soft.base_height_m, abs=0.03)
    assert math.degrees(robot.state().tilt_rad) < 10.0
    np.testing.assert_allclose(robot.body.position, POSE, atol=0.25)
    robot.inject(fault("lower"))
    follow(robot, 4.0)
    assert robot.base_w[0][2] < soft.base_height_m - 0.08, "nothing but the rope holds it"


def test_gains_are_those_that_are_given():
    soft = FreeJointRobot("g1", hang=True, gains=([20.0] * 29, [1.0] * 29))
    soft.request_arm(True)
    follow(soft, 0.1)
    np.testing.assert_array_equal(soft.body.model.actuator_gainprm[:, 0], 20.0)
    with pytest.raises(ConfigError, match="one gain per joint, 29"):
        FreeJointRobot("g1", gains=([20.0], [1.0]))


def test_faults_do_what_they_say(armed):
    armed.inject(fault("battery-sag=5"))
    armed.inject(fault("over-temperature=120"))
    armed.inject(fault("state-stall:0.1"))
    armed.advance(50)
    assert armed.stalled
    armed.advance(100)
    assert not armed.stalled
    assert max(armed.state().temperature_c) == pytest.approx(120.0, abs=2.0)
    assert armed.state().battery_v < 50.0
    armed.inject(fault("nan-state"))
    armed.advance(2)
    assert not armed.state().finite
    for name in ("lower", "set-down"):
        with pytest.raises(ConfigError, match=f"'{name}' needs the crane"):
            armed.inject(fault(name))


def test_the_same_seed_is_the_same_robot():
    def run(seed):
        robot = FreeJointRobot("g1", seed=seed)
        robot.request_arm(True)
        follow(robot, 0.2)
        return robot.state(0)

    assert run(1) == run(1)
    assert run(1) != run(2)
