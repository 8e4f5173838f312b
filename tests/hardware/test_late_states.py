"""A link that delivers every state late: their age says so, over each real protocol, and the supervisor acts."""

import contextlib
import time

import pytest

from hardware import deploy
from hardware.crazyflie.link import CrazyflieLink
from hardware.dds.link import DdsLink
from hardware.serial.link import SerialLink
from hardware.virtual.humanoid.domain import free_dds_uri
from hardware.virtual.process import VirtualProcess
from sim.errors import FlightAbortedError
from sim.registry import load_robot

STEP_MS = 40
"""The delay grows by so little at once that the link is never silent for its limit of 0.1 s."""
STEPS = tuple(range(STEP_MS, 201, STEP_MS))
LATE_S = 0.15


def growing(event, first_s, every_s):
    """Faults for the command line: the delay in steps."""
    faults = [f"delay={ms}@{event}+{first_s + i * every_s:g}" for i, ms in enumerate(STEPS)]
    return ("--fault", *faults)


@contextlib.contextmanager
def crazyflie(bundle):
    with VirtualProcess(options=("--bundle", str(bundle.path))) as robot, CrazyflieLink(robot.uri) as link:
        yield robot, link


@contextlib.contextmanager
def serial(_bundle):
    with VirtualProcess("serial") as robot, SerialLink(robot.uri) as link:
        yield robot, link


@contextlib.contextmanager
def humanoid(_bundle):
    joints = load_robot("g1").parameters()
    with (
        VirtualProcess("humanoid", uri=free_dds_uri(), options=("--hang",)) as robot,
        DdsLink(robot.uri, joints=joints) as link,
    ):
        yield robot, link


@pytest.mark.parametrize("kind", [crazyflie, serial, humanoid], ids=lambda kind: kind.__name__)
def test_the_age_of_a_state_counts_what_it_was_late(pd_bundle, kind):
    with kind(pd_bundle) as (robot, link):
        time.sleep(0.3)
        robot.inject("delay=400")
        deadline, late = time.monotonic() + 10.0, 0
        while late < 20:  # states that are old although the link is heard, over and over
            assert time.monotonic() < deadline, "states look fresh"
            time.sleep(0.01)
            now_ns = time.monotonic_ns()
            heard = now_ns - link.health().heard_ns < LATE_S * 1e9
            late = late + 1 if heard and now_ns - link.read().received_ns > LATE_S * 1e9 else 0
        assert link.health().connected


@pytest.mark.parametrize("robot", ["crazyflie", pytest.param("serial", marks=pytest.mark.slow)])
def test_a_link_that_gets_late_in_flight_ends_in_the_safe_action(pd_bundle, tmp_path, robot):
    options = ("--bundle", str(pd_bundle.path), *growing("flying", 0.8, 0.2))
    with VirtualProcess(robot, options=options) as virtual:
        options = {"height": 0.3, "hold": 4.0, "step": 0.0, "arm": True}
        args = deploy.Args(pd_bundle.path, uri=virtual.uri, log=tmp_path / "log.mcap", **options)
        with pytest.raises(FlightAbortedError) as caught:
            deploy.run(args)
    assert "state_stale" in _ends_in_time(caught.value.result["flight"], pd_bundle)


@pytest.mark.slow
def test_legs_that_are_seen_late_are_damped(pose_bundle, tmp_path):
    bundle = pose_bundle
    options = ("--hang", *growing("armed", 3.0, 0.3))
    with VirtualProcess("humanoid", uri=free_dds_uri(), options=options) as virtual:
        args = deploy.Args(bundle.path, uri=virtual.uri, log=tmp_path / "log.mcap", hold=5.0)
        with pytest.raises(FlightAbortedError) as caught:
            deploy.run(args)
    assert "state_stale" in _ends_in_time(caught.value.result["run"], bundle)


@pytest.mark.slow
@pytest.mark.parametrize("robot", ["crazyflie", "serial"])
def test_a_delay_that_begins_at_once_ends_in_the_safe_action(pd_bundle, tmp_path, robot):
    options = ("--bundle", str(pd_bundle.path), "--fault", "delay=400@flying+1")
    with VirtualProcess(robot, options=options) as virtual:
        args = deploy.Args(pd_bundle.path, uri=virtual.uri, log=tmp_path / "log.mcap", hold=4.0, step=0.0, arm=True)
        with pytest.raises(FlightAbortedError) as caught:
            deploy.run(args)
    faults = _ends_in_time(caught.value.result["flight"], pd_bundle)
    assert "state_stale" in faults, "silence first, and then states that are 400 ms old"


def _ends_in_time(figures, bundle):
    budget_ms = 1e3 * bundle.info.limits.fault_budget_s
    assert not figures["completed"]
    assert all(fault["safe_action_ms"] <= budget_ms for fault in figures["faults"])
    return [fault["fault"] for fault in figures["faults"]]
