"""The link against a virtual humanoid in another process, by real DDS: what it does and what ends in safety."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from cyclonedds.core import DDSException

from hardware.dds import finder
from hardware.dds.command import Drive
from hardware.dds.link import DdsLink
from hardware.link import Link
from hardware.virtual.humanoid.domain import free_dds_uri
from sim.errors import LinkError
from tests.hardware.dds.conftest import JOINTS, arm, event_names, follow, let_pass, virtual_humanoid, wait_until

POSE = np.asarray(JOINTS.default_pose_rad)
KNEE = JOINTS.joint_names.index("left_knee_joint")


def test_it_is_a_link(link):
    assert isinstance(link, Link)
    assert link.command_names[KNEE] == "left_knee_joint_rad"


def test_states_come_before_anything_is_commanded(robot, link):
    state = link.read()
    assert state.finite
    assert not state.armed
    assert link.health().connected
    np.testing.assert_allclose(state.position, POSE, atol=0.2)
    assert 45.0 < state.battery_v < 55.0
    first = state.robot_ms
    wait_until(lambda: link.read().robot_ms > first + 20)
    follow(link, seconds=0.1)  # ignored: it is not armed
    assert "armed" not in event_names(robot)


def test_arming_releases_the_built_in_controller_and_targets_are_followed(robot, link):
    arm(link)
    target = POSE.copy()
    target[KNEE] += 0.4
    follow(link, target, seconds=1.0)
    assert link.read().position[KNEE] == pytest.approx(target[KNEE], abs=0.08)
    assert link.switcher.active_mode() == ""
    events = event_names(robot)
    assert events.index("released") < events.index("armed")


def test_a_take_over_that_the_host_gives_up_takes_nothing(robot, link):
    before = robot.events()["counters"].get("commands", 0)
    assert link.switcher.active_mode() == ""
    wait_until(lambda: event_names(robot)[-1] != "stiff")
    link.request_arm(True)
    link.safe_stop("off")
    wait_until(lambda: link.problem == "stopped before the robot was taken over")
    assert not link.read().armed
    let_pass(link, ms=50)
    assert robot.events()["counters"].get("commands", 0) == before


def test_a_robot_that_was_let_go_when_the_host_gave_up_is_damped(robot, link, monkeypatch):
    before = robot.events()["counters"].get("commands", 0)

    def release(pause):
        wait_until(lambda: link._take_over is not None)
        link.safe_stop("damp")

    monkeypatch.setattr(link.switcher, "active_mode", lambda: "ai")  # this robot's let go in an earlier test
    monkeypatch.setattr(link.switcher, "release", release)
    link.request_arm(True)
    wait_until(lambda: link.problem == "stopped before the robot was taken over")
    assert link.exchange.commands.drive is Drive.DAMP
    wait_until(lambda: robot.events()["counters"].get("commands", 0) > before + 20)
    assert event_names(robot)[-1] != "stiff"
    assert link.read().dead_man, "the supervisor hears of it"


@pytest.mark.parametrize("times", [1, 10_000])
def test_requests_that_cannot_be_sent_are_sent_again_or_said(link, monkeypatch, times):
    write, failures = link.switcher._writer.write, iter(range(times))

    def fail(request):
        if next(failures, None) is not None:
            raise DDSException(DDSException.DDS_RETCODE_TIMEOUT)
        return write(request)

    monkeypatch.setattr(link.switcher._writer, "write", fail)
    link.request_arm(True)
    if times == 1:
        wait_until(lambda: link.read().armed)
    else:
        wait_until(lambda: "motion switcher does not answer" in link.problem)


def test_whatever_ends_a_take_over_is_said(link, monkeypatch):
    monkeypatch.setattr(link.switcher, "active_mode", lambda: 1 / 0)
    link.request_arm(True)
    wait_until(lambda: link.problem == "division by zero")


def test_when_targets_stop_it_damps_until_it_is_armed_again(robot, link):
    arm(link)
    follow(link)
    wait_until(lambda: link.read().dead_man)
    assert "no new target" in link.problem
    wait_until(lambda: event_names(robot)[-1] == "commanded_damp")
    follow(link, seconds=0.1)
    assert event_names(robot)[-1] == "commanded_damp"
    arm(link)
    follow(link, seconds=0.1)
    assert event_names(robot)[-1] == "stiff"


def test_targets_that_are_not_numbers_damp(robot, link):
    arm(link)
    follow(link)
    link.write([float("nan")] * 29)
    wait_until(lambda: event_names(robot)[-1] == "commanded_damp")
    assert "not made of numbers" in link.problem


@pytest.mark.parametrize(
    ("action", "event"), [("damp", "commanded_damp"), ("off", "motors_off"), ("land", "commanded_damp")]
)
def test_safe_actions_reach_the_robot(robot, link, action, event):
    arm(link)
    follow(link)
    link.safe_stop(action)
    wait_until(lambda: event_names(robot)[-1] == event)
    assert link.read().armed is (action != "off")
    assert not link.problem, "the host wanted it: that is no fault"
    link.request_arm(False)
    assert not link.read().armed


def test_hold_lasts_without_further_targets(robot, link):
    arm(link)
    follow(link)
    link.safe_stop("hold")
    time.sleep(0.3)
    assert link.read().armed
    assert event_names(robot)[-1] == "stiff"


def test_an_emergency_stop_is_for_good(robot, link):
    arm(link)
    link.emergency_stop()
    wait_until(lambda: event_names(robot)[-1] == "motors_off")
    link.request_arm(True)
    wait_until(lambda: link.problem.startswith("the robot was stopped for good"))
    assert not link.read().armed


def test_closing_damps_and_the_robot_notices_the_silence(robot, link):
    arm(link)
    follow(link)
    link.close()
    wait_until(lambda: event_names(robot)[-2:] == ["commanded_damp", "watchdog_damp"])
    with pytest.raises(LinkError, match="is not open"):
        link.write(POSE)
    link.close()


def test_the_remotes_stop_damps_without_the_control_loop(robot, link):
    arm(link)
    link.safe_stop("hold")  # nothing on the host asks for anything any more
    robot.inject("remote-stop")
    wait_until(lambda: event_names(robot)[-1] == "commanded_damp")
    assert link.read().operator_stop
    assert link.problem == "the operator's remote"
    robot.inject("remote-stop:0.05")  # the button is let go
    link.exchange.forget_refusals()
    wait_until(lambda: "fault_over" in event_names(robot))


def test_a_second_controller_is_refused_by_the_robot_and_reported_by_the_link(robot, link, stranger):
    arm(link)
    follow(link, seconds=0.2)
    before = robot.events()["counters"].get("second_controller", 0)
    for _ in range(20):
        stranger.commands.write(stranger.command(q=1.0))
        time.sleep(0.002)
    wait_until(lambda: link.read().dead_man)
    assert link.problem == "another controller publishes on rt/lowcmd"
    wait_until(lambda: robot.events()["counters"].get("second_controller", 0) > before)
    wait_until(lambda: event_names(robot)[-1] == "commanded_damp")


def test_noise_on_the_command_topic_takes_the_robot_from_nobody(robot, link, stranger):
    arm(link)
    before = robot.events()["counters"].get("bad_checksum", 0)
    for number in range(20):
        frame = stranger.command(q=1.0)
        frame.record["crc"] ^= 1 << number
        link.write(POSE)
        stranger.commands.write(frame)
        time.sleep(0.005)
    wait_until(lambda: robot.events()["counters"].get("bad_checksum", 0) > before)
    assert link.read().armed
    assert not link.problem


def test_a_robot_in_other_hands_is_not_taken(robot, link, stranger):
    wait_until(lambda: event_names(robot)[-1] == "watchdog_damp")
    stop = time.monotonic() + 1.5
    link.request_arm(True)
    while time.monotonic() < stop and not link.problem:
        stranger.commands.write(stranger.command(kp=0.0))
        time.sleep(0.002)
    assert link.problem.startswith("another controller publishes on rt/lowcmd (")
    assert link.read() is not None
    assert not link.read().armed
    wait_until(lambda: event_names(robot)[-1] == "watchdog_damp")


def test_states_of_an_impostor_are_ignored_and_counted(robot, link, stranger):
    impostor = stranger.pretend_to_be_a_robot()
    frame = link.exchange.states.frame.copy()
    frame.record["tick"] += 100_000
    frame.record["motor_state"]["q"] = 3.0
    frame.seal()
    wait_until(lambda: impostor.get_publication_matched_status().current_count)
    for _ in range(10):
        impostor.write(frame)
        time.sleep(0.005)
    wait_until(lambda: link.read() and link.exchange.states.counters["second_robot"])
    assert max(link.read().position) < 2.0
    with pytest.raises(LinkError, match="two robots publish rt/lowstate here"):
        _open_beside(robot.uri, impostor, frame)


def _open_beside(uri, impostor, frame):
    import threading

    done = threading.Event()

    def publish():
        while not done.is_set():
            impostor.write(frame)
            time.sleep(0.002)

    thread = threading.Thread(target=publish)
    thread.start()
    try:
        with DdsLink(uri, joints=JOINTS):
            pass
    finally:
        done.set()
        thread.join()


def test_without_joints_nothing_is_armed(robot):
    with DdsLink(robot.uri) as link:
        assert link.read() is None
        with pytest.raises(LinkError, match="no joints and gains are known"):
            link.request_arm(True)


def test_gains_stay_while_it_is_armed(link):
    arm(link)
    with pytest.raises(LinkError, match="its gains stay as they are"):
        link.configure(JOINTS)


def test_opening_twice_is_refused(link):
    with pytest.raises(LinkError, match="already open"):
        link.open()


def test_no_robot_is_said_in_one_line(monkeypatch):
    monkeypatch.setattr(finder, "FIND_TIMEOUT_S", 0.3)
    with pytest.raises(LinkError, match=r"no robot publishes rt/lowstate within 0\.3 s"):
        DdsLink(free_dds_uri(), joints=JOINTS).open()


HOST = """
import sys, time
from hardware.dds.link import DdsLink
from sim.registry import load_robot
joints = load_robot("g1").parameters()
link = DdsLink(sys.argv[1], joints=joints)
link.open()
link.request_arm(True)
while True:
    link.write(joints.default_pose_rad)
    if link.read().armed:
        print("armed", flush=True)
    time.sleep(0.01)
"""


def test_a_host_killed_in_the_middle_leaves_the_robot_to_its_watchdog(robot):
    root = Path(__file__).parents[3]
    host = subprocess.Popen([sys.executable, "-c", HOST, robot.uri], cwd=root, stdout=subprocess.PIPE, text=True)
    try:
        assert host.stdout.readline() == "armed\n"
        os.kill(host.pid, signal.SIGSTOP)  # a host that hangs altogether
        wait_until(lambda: event_names(robot)[-1] == "watchdog_damp")
    finally:
        host.kill()
        host.wait()
        host.stdout.close()


def test_a_robot_that_is_gone_is_seen(monkeypatch):
    with virtual_humanoid("--hang") as robot, DdsLink(robot.uri, joints=JOINTS) as link:
        arm(link)
        robot.kill()
        wait_until(lambda: time.monotonic_ns() - link.health().heard_ns > 200_000_000)
