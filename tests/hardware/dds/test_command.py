"""What is sent to the motors, whatever happens in whatever order."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.dds import command
from hardware.dds.command import DAMPING_KD, CommandSource, Drive
from hardware.dds.profiles import G1, GO2, profile_of
from sim.errors import ConfigError, LinkError
from sim.registry import load_robot

JOINTS = load_robot("g1").parameters()
POSE = JOINTS.default_pose_rad
MS = 1_000_000


def source():
    commands = CommandSource(G1)
    commands.configure(JOINTS, machine_type=5)
    return commands


def motors(frame):
    return frame.record["motor_cmd"][:29]


def test_nothing_is_sent_before_it_is_armed():
    commands = source()
    commands.follow(POSE, 0)
    commands.hold()
    commands.give_up("fault")
    commands.stop(Drive.DAMP)
    commands.stop(Drive.OFF)
    assert commands.next_frame(0) is None
    assert commands.drive is Drive.SILENT


def test_armed_it_holds_the_pose_it_found():
    commands = source()
    commands.arm(POSE, 0)
    frame = commands.next_frame(command.MAX_WAIT_NS)
    assert commands.armed
    np.testing.assert_allclose(motors(frame)["q"], POSE, rtol=1e-6)
    np.testing.assert_allclose(motors(frame)["kp"], JOINTS.kp)
    np.testing.assert_allclose(motors(frame)["kd"], JOINTS.kd)
    assert (motors(frame)["mode"] == 1).all()
    assert (motors(frame)["tau"] == 0.0).all()
    assert frame.intact
    assert frame.record["mode_machine"] == 5
    assert frame.record["mode_pr"] == 0
    assert not frame.record["motor_cmd"][29:]["mode"].any()


def test_armed_by_a_host_that_says_nothing_more_it_damps():
    commands = source()
    commands.arm(POSE, 7 * MS)
    assert motors(commands.next_frame(7 * MS + command.MAX_WAIT_NS))["kp"].all()
    assert not motors(commands.next_frame(8 * MS + command.MAX_WAIT_NS))["kp"].any()
    assert commands.reason == "no target within 5 s after it was armed"
    commands.arm(POSE, 0)
    commands.hold()  # asked for, it lasts
    assert motors(commands.next_frame(3600 * 1000 * MS))["kp"].all()


def test_a_robot_that_was_let_go_and_not_held_is_damped():
    commands = source()
    commands.catch("nobody holds it")
    assert (motors(commands.next_frame(0))["kd"] == DAMPING_KD).all()
    assert (commands.armed, commands.following, commands.reason) == (True, False, "nobody holds it")
    stopped = source()
    stopped.lock()
    stopped.catch("nobody holds it")
    assert stopped.drive is Drive.OFF


def test_targets_go_to_the_motors_of_their_joints():
    """A bundle may order its joints as it likes."""
    commands = CommandSource(G1)
    order = list(reversed(range(29)))
    shuffled = {
        name: tuple(value[k] for k in order) if isinstance(value, tuple) and len(value) == 29 else value
        for name, value in vars(JOINTS).items()
    }
    commands.configure(type(JOINTS)(**shuffled), machine_type=5)
    commands.arm([0.0] * 29, 0)
    commands.follow([0.01 * k for k in order], 0)
    frame = commands.next_frame(0)
    np.testing.assert_allclose(motors(frame)["q"], 0.01 * np.arange(29), rtol=1e-6)
    np.testing.assert_allclose(motors(frame)["kp"], JOINTS.kp)


def test_old_targets_end_in_damping_which_lasts():
    commands = source()
    commands.arm(POSE, 0)
    commands.follow(POSE, 0)
    assert motors(commands.next_frame(command.MAX_TARGET_AGE_NS))["kp"].all()
    frame = commands.next_frame(command.MAX_TARGET_AGE_NS + 1)
    assert not motors(frame)["kp"].any()
    assert (motors(frame)["kd"] == DAMPING_KD).all()
    assert (motors(frame)["mode"] == 1).all()
    assert "no new target for" in commands.reason
    commands.follow(POSE, command.MAX_TARGET_AGE_NS + 2)
    assert commands.drive is Drive.DAMP
    assert not commands.following
    commands.arm(POSE, 0)
    assert commands.following
    assert not commands.reason


@pytest.mark.parametrize("bad", [[math.nan] * 29, [math.inf] + [0.0] * 28, [0.0] * 28, [0.0] * 30, []])
def test_targets_that_are_none_end_in_damping(bad):
    commands = source()
    commands.arm(POSE, 0)
    commands.follow(POSE, 0)
    commands.follow(bad, 0)
    assert commands.drive is Drive.DAMP
    assert "not made of numbers" in commands.reason
    assert np.isfinite(motors(commands.next_frame(0))["q"]).all()


def test_off_switches_the_motors_off_and_only_arming_ends_it():
    commands = source()
    commands.arm(POSE, 0)
    commands.stop(Drive.OFF)
    assert not commands.armed
    frame = commands.next_frame(0)
    for name in ("mode", "kp", "kd", "q", "tau"):
        assert not motors(frame)[name].any()
    commands.stop(Drive.DAMP)
    commands.give_up("later")
    assert commands.drive is Drive.OFF
    commands.arm(POSE, 0)
    assert commands.drive is Drive.HOLD


def test_damped_at_the_hosts_wish_the_robot_is_still_the_hosts_until_it_gives_it_up():
    commands = source()
    commands.arm(POSE, 0)
    commands.stop(Drive.DAMP)
    assert commands.armed
    assert not commands.following
    assert not commands.reason
    commands.disarm()
    assert not commands.armed
    assert (motors(commands.next_frame(0))["kd"] == DAMPING_KD).all()


def test_after_an_emergency_stop_it_is_never_armed_again():
    commands = source()
    commands.lock()
    assert not motors(commands.next_frame(0))["mode"].any()
    with pytest.raises(LinkError, match="stopped for good"):
        commands.arm(POSE, 0)


def test_a_pose_that_is_not_made_of_numbers_is_not_armed():
    with pytest.raises(LinkError, match="not numbers"):
        source().arm([math.nan] * 29, 0)


def test_joints_must_be_the_robots():
    names = list(JOINTS.joint_names)
    with pytest.raises(ConfigError, match="has no joint 'tail_joint'"):
        G1.motor_indices([*names[:-1], "tail_joint"])
    with pytest.raises(ConfigError, match=r"nobody commands joint 'right_wrist_yaw_joint' \(1 of 29"):
        G1.motor_indices(names[:-1])
    with pytest.raises(ConfigError, match="named twice"):
        G1.motor_indices([*names, names[0]])
    with pytest.raises(ConfigError, match="no robot 'h1' on DDS; choose one of: g1, go2"):
        profile_of("h1")


def test_a_quadruped_gets_its_own_message():
    n = len(GO2.motor_joints)
    parameters = type(JOINTS)("x", GO2.motor_joints, *[(1.0,) * n] * 8, 0.3, (), (), "test")
    commands = CommandSource(GO2)
    commands.configure(parameters, machine_type=0)
    commands.arm([0.5] * n, 0)
    frame = commands.next_frame(0)
    assert frame.intact
    assert frame.record["head"].tolist() == [0xFE, 0xEF]
    assert frame.record["level_flag"] == 0xFF
    assert (frame.record["motor_cmd"][:12]["q"] == 0.5).all()
    assert not frame.record["motor_cmd"][12:]["mode"].any()


EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("follow"), st.floats(-10, 10) | st.just(math.nan)),
        st.tuples(st.sampled_from(["arm", "hold", "damp", "off", "disarm", "lock"]), st.just(0.0)),
        st.tuples(st.just("wait"), st.floats(0.0, 0.3) | st.floats(0.0, 6.0)),
    ),
    max_size=30,
)


@settings(max_examples=300, deadline=None)
@given(EVENTS)
def test_whatever_happens_stiffness_needs_an_armed_robot_and_a_fresh_target(events):
    commands, now_ns, target_ns, armed, locked = source(), 0, None, False, False
    waits_ns = None
    for name, value in events:
        if name == "follow":
            commands.follow([value] * 29, now_ns)
            if armed and math.isfinite(value):
                target_ns, waits_ns = now_ns, None
            elif armed:
                armed = False
        elif name == "arm" and not locked:
            commands.arm(POSE, now_ns)
            armed, target_ns, waits_ns = True, None, now_ns
        elif name == "hold":
            commands.hold()
            target_ns = waits_ns = None
        elif name in ("damp", "off"):
            commands.stop(Drive.DAMP if name == "damp" else Drive.OFF)
            armed = False
        elif name == "disarm":
            commands.disarm()
            armed = False
        elif name == "lock":
            commands.lock()
            armed, locked = False, True
        elif name == "wait":
            now_ns += round(value * 1e9)
        frame = commands.next_frame(now_ns)
        if armed and target_ns is not None and now_ns - target_ns > command.MAX_TARGET_AGE_NS:
            armed = False
        if armed and waits_ns is not None and now_ns - waits_ns > command.MAX_WAIT_NS:
            armed = False
        stiff = frame is not None and bool(motors(frame)["kp"].any())
        assert stiff == armed
        assert commands.following == armed
        if frame is not None:
            assert frame.intact
            assert np.isfinite(motors(frame)["q"]).all()
            assert not (locked and motors(frame)["mode"].any())
