"""Every fault of the virtual humanoid ends in a safe action at the robot, by real DDS.

The host here is the smallest that does its duty: it looks at state and health with the bundle's limits
at 100 Hz and asks for damping when something is wrong. What it can see is what a supervisor can see.
"""

import dataclasses
import math
import time

import pytest

from hardware.dds.link import DdsLink
from sim.registry import load_robot
from tests.hardware.dds.conftest import JOINTS, arm, virtual_humanoid, wait_until

SILENCE_S = 0.4
"""Four times the robot's limit: a test process that is held up is not a fault."""
LIMITS = dataclasses.replace(load_robot("g1").limits, link_silence_s=SILENCE_S, state_age_s=SILENCE_S)
SAFE = {"commanded_damp", "motors_off", "watchdog_damp"}


@pytest.fixture(scope="module")
def robot():
    with virtual_humanoid("--hang") as process:
        yield process


def trouble(state, health, now_ns):
    """The first thing that is wrong, "" for nothing."""
    if not health.connected or now_ns - health.heard_ns > LIMITS.link_silence_s * 1e9:
        return "link_lost"
    if now_ns - state.received_ns > LIMITS.state_age_s * 1e9:
        return "state_stale"
    for name in ("operator_stop", "crashed", "dead_man"):
        if getattr(state, name):
            return name
    if not state.armed:
        return "disarmed"
    if not state.finite:
        return "state_nan"
    if state.battery_v < LIMITS.battery_min_v:
        return "low_battery"
    if max(state.temperature_c) > LIMITS.temperature_c:
        return "temperature"
    if state.tilt_rad > LIMITS.tilt_rad or math.hypot(*state.angular_velocity_b) > LIMITS.angular_rate_rad_s:
        return "tilt_or_rate"
    return ""


def run_until_trouble(link, timeout_s=5.0):
    """Follow the default pose at 100 Hz until something is wrong, damp, say what it was."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        found = trouble(link.read(), link.health(), time.monotonic_ns())
        if found:
            link.safe_stop("damp")
            return found
        link.write(JOINTS.default_pose_rad)
        time.sleep(0.01)
    return ""


def events_after_fault(robot):
    events = robot.events()["events"]
    last = max(k for k, event in enumerate(events) if event["event"] == "fault_injected")
    return [event["event"] for event in events[last + 1 :]]


@pytest.mark.parametrize(
    ("fault", "seen"),
    [
        ("link-loss:0.8", {"link_lost", "state_stale"}),
        pytest.param("packet-loss=100:0.8", {"link_lost"}, marks=pytest.mark.slow),
        ("bit-flips=100:0.8", {"link_lost", "dead_man"}),
        ("state-stall:0.8", {"link_lost", "state_stale"}),
        pytest.param("delay=900:1.2", {"link_lost", "state_stale", "dead_man"}, marks=pytest.mark.slow),
        ("dead-motor=3:0.4", {"crashed"}),
        ("over-temperature=120:0.4", {"temperature"}),
        ("low-battery:0.4", {"low_battery"}),
        pytest.param("battery-sag=15:0.4", {"low_battery"}, marks=pytest.mark.slow),
        ("gyro-bias=500:0.4", {"tilt_or_rate"}),
        ("nan-state:0.4", {"state_nan"}),
        ("remote-stop:0.4", {"operator_stop"}),
    ],
)
def test_fault_ends_in_its_safe_action(robot, fault, seen):
    with DdsLink(robot.uri, joints=JOINTS) as link:
        arm(link)
        link.write(JOINTS.default_pose_rad)
        robot.inject(fault)
        assert run_until_trouble(link) in seen
        wait_until(lambda: SAFE & set(events_after_fault(robot)))
        wait_until(lambda: "fault_over" in events_after_fault(robot))
    wait_until(lambda: robot.events()["events"][-1]["event"] == "watchdog_damp")


SMALL = ("packet-loss=30", "bit-flips=20", "gyro-bias=20")
SMALL_SLOW = ("duplication=50", "reordering=20", "jitter=30", "delay=30", "encoder-bias=3")


@pytest.mark.parametrize("fault", [*SMALL, *(pytest.param(fault, marks=pytest.mark.slow) for fault in SMALL_SLOW)])
def test_small_faults_are_survived(robot, fault):
    with DdsLink(robot.uri, joints=JOINTS) as link:
        arm(link)
        link.write(JOINTS.default_pose_rad)
        robot.inject(f"{fault}:0.2")
        assert run_until_trouble(link, timeout_s=0.3) == ""
        assert link.read().armed
    wait_until(lambda: "fault_over" in events_after_fault(robot))


def test_taken_over_while_standing_it_stands_on_and_is_damped_when_it_is_pushed_over():
    with virtual_humanoid("--fault", "push=1.5@armed+1.5") as robot, DdsLink(robot.uri, joints=JOINTS) as link:
        arm(link)
        assert run_until_trouble(link) == "tilt_or_rate"
        wait_until(lambda: "commanded_damp" in events_after_fault(robot))
        events = [event["event"] for event in robot.events()["events"]]
        assert events[:5] == ["started", "released", "armed", "stiff", "fault_injected"], "it stood until it was pushed"
