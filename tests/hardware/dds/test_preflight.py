"""Checks with a real bundle against a virtual humanoid: what refuses a start, and that nothing moves."""

import dataclasses
import time

import pytest

from hardware.checks import require
from hardware.dds.link import DdsLink
from hardware.dds.preflight import joint_parameters
from hardware.dds.take_over import count_others
from sim.errors import BundleError, FlightRefusedError
from tests.hardware.dds.conftest import JOINTS, event_names, let_pass, wait_until


@pytest.fixture
def bundle(pose_bundle):
    return pose_bundle


@pytest.fixture
def unconfigured(robot):
    with DdsLink(robot.uri) as opened:
        yield opened


def failed(checks):
    return {check.name: check.detail for check in checks if not check.passed}


def with_robot(bundle, **changes):
    robot = dataclasses.replace(bundle.info.robot, **changes)
    return dataclasses.replace(bundle, info=dataclasses.replace(bundle.info, robot=robot))


def test_a_healthy_robot_passes_and_nothing_moves(robot, unconfigured, bundle):
    checks = unconfigured.checks(bundle)
    assert failed(checks) == {}
    assert (checks[0].name, checks[-1].name) == ("joints", "state")
    assert "'ai' holds the robot" in checks[1].detail
    assert unconfigured.prepare().passed
    assert unconfigured.read().finite
    assert unconfigured.command_names == tuple(f"{name}_rad" for name in bundle.info.action.names)
    assert "released" not in event_names(robot)
    assert robot.events()["counters"] == {}


def test_a_bundle_for_another_robot_is_refused(unconfigured, bundle):
    checks = unconfigured.checks(with_robot(bundle, name="go2"))
    assert failed(checks) == {"joints": "the bundle is for robot 'go2', and this one is a 'g1'"}
    assert len(checks) == 1
    assert unconfigured.read() is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"joint_names": ("tail_joint", *JOINTS.joint_names[1:])}, "has no joint|not the joints"),
        ({"kp": (1.0,)}, "gains of another number than joints"),
        ({"surprise": 1}, "holds no joint parameters"),
    ],
)
def test_constants_that_do_not_fit_are_refused(unconfigured, bundle, change, message):
    constants = {**bundle.info.robot.constants, **change}
    detail = failed(unconfigured.checks(with_robot(bundle, constants=constants)))["joints"]
    assert any(part in detail for part in message.split("|"))


def test_constants_of_a_drone_are_named():
    with pytest.raises(BundleError, match="it is not for a robot with joints"):
        joint_parameters({"mass": 0.03})


@pytest.mark.parametrize(
    ("fault", "check", "message"),
    [
        ("battery-sag=12:1.0", "battery", "V, take-off needs 45.50 V"),
        ("over-temperature=110:1.0", "motors", "left_knee_joint has"),
        ("dead-motor=20:1.0", "motors", "motor 20 reports an error"),
        ("remote-stop:1.0", "remote", "its stop buttons are down"),
        ("nan-state:1.0", "state", "the state estimate is not a number"),
    ],
)
def test_what_is_wrong_with_the_robot_is_found(robot, unconfigured, bundle, fault, check, message):
    robot.inject(fault)
    wait_until(lambda: event_names(robot)[-1] == "fault_injected")
    let_pass(unconfigured, ms=150)
    checks = unconfigured.checks(bundle)
    assert message in failed(checks)[check]
    with pytest.raises(FlightRefusedError, match="nothing moved"):
        require(checks)
    wait_until(lambda: event_names(robot)[-1] == "fault_over")


def test_a_silent_motion_switcher_is_named(robot, unconfigured, bundle):
    robot.inject("link-loss:2.6")
    details = failed(unconfigured.checks(bundle))
    assert details["built-in controller"].startswith("the robot's motion switcher does not answer")
    wait_until(lambda: event_names(robot)[-1] == "fault_over")


def test_another_controller_on_a_released_robot_is_named(robot, unconfigured, bundle, stranger):
    import threading

    unconfigured.switcher.release()
    done = threading.Event()

    def command():
        while not done.is_set():
            stranger.commands.write(stranger.command(kp=0.0))
            time.sleep(0.002)

    thread = threading.Thread(target=command)
    thread.start()
    try:
        wait_until(lambda: count_others(unconfigured.exchange))
        details = failed(unconfigured.checks(bundle))
    finally:
        done.set()
        thread.join()
    assert "foreign commands on rt/lowcmd" in details["other controllers"]
