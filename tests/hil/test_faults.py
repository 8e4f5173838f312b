"""Every fault in the air, in closed loop with the real cflib: seen, acted on in time, safe at the end.

Reaction times are counted in loop steps (10 ms each), so that a busy computer cannot fail a test. A flight takes a
dozen seconds on the clock: what also shows without a radio (``tests/hardware/virtual/test_sim_link.py``) is slow here.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from hardware import deploy
from hardware.crazyflie.link import CrazyflieLink
from hardware.faults import Fault
from hardware.flying.faults import SAFE_ACTIONS
from hardware.flying.mission import Mission
from hardware.log_reader import read_log, recover_log
from hardware.loop import HostStall
from sim.errors import FlightAbortedError
from tests.hil.conftest import SHORT, flight_args, fly_and_abort, virtual_crazyflie, with_limits
from tests.hil.stalls import in_real_time

ROOT = Path(__file__).parents[2]
SAFE_MODES = {"land": "landing", "level_and_descend": "descending", "off": "off"}

FAULTS = {
    "link-loss": Fault.LINK_LOST,
    "state-stall": Fault.STATE_STALE,
    "nan-policy": Fault.POLICY_NAN,
    "low-battery": Fault.LOW_BATTERY,
    "kick=110": Fault.TILT,
    "dead-motor=2": Fault.TILT,
}
"""What the virtual robot is told to do in the air, and what the host must call it."""
FLOWN = [
    name if name in ("link-loss", "state-stall", "kick=110") else pytest.param(name, marks=pytest.mark.slow)
    for name in FAULTS
]


def event_names(events):
    return [event["event"] for event in events["events"]]


def steps_to_safe_action(log, limits):
    """Loop steps in flight for which the data was already too old while the mission still flew."""
    flying = np.isin(log["mode"], ["ramp", "running", "holding"])
    late = (log["state_age_ms"] > 1e3 * limits.state_age_s) | (log["heard_age_ms"] > 1e3 * limits.link_silence_s)
    return int(np.sum(late[flying]))


def events_on_the_ground(robot, timeout_s=20.0):
    """The robot's events once it stands."""
    deadline = time.monotonic() + timeout_s
    while not (events := robot.events())["on_ground"]:
        assert time.monotonic() < deadline, f"never came down: {event_names(events)}"
        time.sleep(0.1)
    return events


@pytest.mark.parametrize("injected", FLOWN)
@in_real_time
def test_a_fault_in_the_air_reaches_its_safe_action(bundle, tmp_path, injected):
    expected = FAULTS[injected]
    with virtual_crazyflie(bundle, "--fault", f"{injected}@flying+1.2") as robot:
        result = fly_and_abort(flight_args(bundle, robot, tmp_path))
        onboard = events_on_the_ground(robot)

    first = result["flight"]["faults"][0]
    assert first["fault"] == expected.value
    assert first["safe_action"] == SAFE_ACTIONS[expected]
    assert not result["flight"]["completed"]

    log = read_log(tmp_path / "flight.mcap")
    modes = list(dict.fromkeys(log["mode"]))
    assert SAFE_MODES[SAFE_ACTIONS[expected]] in modes
    limits = bundle.info.limits
    late = steps_to_safe_action(log, limits)
    assert late <= HostStall.STEPS, "it acts in the step that shows it, or right after a stall of the host"
    assert limits.link_silence_s < limits.state_age_s < limits.fault_budget_s
    assert next(event["name"] for event in log["events"] if event["kind"] == "fault") == expected.value

    assert result["flight"]["disarmed"] or injected in ("link-loss", "state-stall")
    if injected != "link-loss":
        assert event_names(onboard)[-1] != "armed"
        assert "disarmed" in event_names(onboard), "nothing leaves the robot armed"
    else:
        dead_man = next(event for event in onboard["events"] if event["event"] == "dead_man")
        assert dead_man["setpoint_age_ms"] <= 201, "on-board time: 200 ms and one tick"
        assert "touchdown" in event_names(onboard)
        assert not result["flight"]["disarmed"], "the host cannot know and must say so"
        assert result["faults"]["link_loss_to_safe_ms"] == first["safe_action_ms"]


@in_real_time
def test_a_link_that_comes_back_during_the_descent_does_not_resume_the_flight(bundle, tmp_path):
    with virtual_crazyflie(bundle, "--fault", "link-loss@flying+1.2:0.6") as robot:
        result = fly_and_abort(flight_args(bundle, robot, tmp_path))
        events_on_the_ground(robot)
    assert result["flight"]["disarmed"]
    log = read_log(tmp_path / "flight.mcap")
    descending = np.flatnonzero(log["mode"] == "descending")[0]
    assert set(log["mode"][descending:]) == {"descending", "off"}


@pytest.mark.slow
@in_real_time
def test_a_nan_state_estimate_switches_off(bundle, tmp_path):
    """The estimate is NaN on board too, so the policy there stops the motors before the host could."""
    with virtual_crazyflie(bundle, "--fault", "nan-estimate@flying+1.2") as robot:
        result = fly_and_abort(flight_args(bundle, robot, tmp_path))
        assert "disarmed" in event_names(robot.events())
    assert {fault["fault"] for fault in result["flight"]["faults"]} & {"state_nan", "policy_nan"}


@pytest.mark.slow
@in_real_time
def test_leaving_the_geofence_lands(bundle, tmp_path):
    """A tight fence and a kick within the tilt limit: the robot swings over the fence and lands."""
    fenced = with_limits(bundle, tmp_path / "fenced", geofence_radius_m=0.2)
    with virtual_crazyflie(fenced, "--fault", "kick=60@flying+1.2") as robot:
        result = fly_and_abort(flight_args(fenced, robot, tmp_path, step=0.05))
        events_on_the_ground(robot)
    assert result["flight"]["faults"][0]["fault"] == "geofence"
    assert result["flight"]["disarmed"]


@in_real_time
def test_a_robot_that_vanishes_ends_the_flight_in_bounded_time(bundle, tmp_path):
    with virtual_crazyflie(bundle) as robot, subprocess_flight(bundle, robot, tmp_path) as process:
        wait_until_flying(tmp_path / "flight.mcap", process)
        robot.kill()
        assert process.wait(timeout=60) == FlightAbortedError.exit_code
        assert "link_lost" in process.stderr.read()


@in_real_time
def test_an_internal_error_leaves_the_robot_to_its_dead_man_and_then_disarms_it(bundle, tmp_path, monkeypatch):
    fly_normally = Mission.step

    def broken(self, time_s, mode):
        order = fly_normally(self, time_s, mode)
        if order.judged:
            raise RuntimeError("a bug in flight")
        return order

    with monkeypatch.context() as patch, virtual_crazyflie(bundle) as robot:
        patch.setattr(Mission, "step", broken)
        with pytest.raises(RuntimeError, match="a bug in flight"):
            deploy.run(flight_args(bundle, robot, tmp_path))
        names = event_names(events_on_the_ground(robot))
    assert names.index("dead_man") < names.index("disarmed")
    assert read_log(tmp_path / "flight.mcap")["complete"]


@in_real_time
def test_after_an_internal_error_the_operator_can_still_cut_the_motors(bundle, tmp_path, monkeypatch):
    def broken(self, time_s, mode):
        order = fly_normally(self, time_s, mode)
        if order.judged:
            os.kill(os.getpid(), signal.SIGQUIT)
            raise RuntimeError("a bug in flight")
        return order

    fly_normally = Mission.step
    with monkeypatch.context() as patch, virtual_crazyflie(bundle) as robot:
        patch.setattr(Mission, "step", broken)
        with pytest.raises(RuntimeError, match="a bug in flight"):
            deploy.run(flight_args(bundle, robot, tmp_path))
        names = event_names(events_on_the_ground(robot))
    assert "emergency_stop" in names
    assert "dead_man" not in names, "it did not wait for that"


@in_real_time
def test_a_robot_that_does_not_arm_is_no_take_off(bundle, tmp_path, monkeypatch):
    with monkeypatch.context() as patch, virtual_crazyflie(bundle) as robot:
        patch.setattr(CrazyflieLink, "request_arm", lambda self, armed: None)
        with pytest.raises(FlightAbortedError, match="no take-off: the robot did not arm within 3 s"):
            deploy.run(flight_args(bundle, robot, tmp_path))
        assert not {"armed", "motors_on"} & set(event_names(robot.events()))


# The host's own end ---------------------------------------------------------------------------


@contextlib.contextmanager
def subprocess_flight(bundle, robot, tmp_path):
    """``sim2metal run`` as a user starts it."""
    command = [sys.executable, "-m", "sim2metal", "run", str(bundle.path), "--uri", robot.uri]
    command += ["--log", str(tmp_path / "flight.mcap"), "--hold", "30", "--dwell", str(SHORT["dwell"])]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def wait_until_flying(log_path, process, timeout_s=60.0):
    """Return once the log shows a third of a second of flight at the hold position."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        assert process.poll() is None, process.stderr.read()
        if log_path.exists() and log_path.stat().st_size > 8:
            running = read_log(log_path)["mode"] == "running"
            if running.sum() > 30:
                return
        time.sleep(0.1)
    raise AssertionError("never flew")


@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)])
@in_real_time
def test_the_operators_stop_lands_however_often_it_is_given(bundle, tmp_path, number):
    with virtual_crazyflie(bundle) as robot, subprocess_flight(bundle, robot, tmp_path) as process:
        wait_until_flying(tmp_path / "flight.mcap", process)
        for _ in range(3):
            process.send_signal(number)
            time.sleep(0.1)
        assert process.wait(timeout=60) == FlightAbortedError.exit_code
        assert "operator_stop, safe action 'land'" in process.stderr.read()
        onboard = events_on_the_ground(robot)
    assert "disarmed" in event_names(onboard)
    assert "dead_man" not in event_names(onboard)
    assert list(dict.fromkeys(read_log(tmp_path / "flight.mcap")["mode"]))[-2:] == ["landing", "off"]


@in_real_time
def test_ctrl_backslash_cuts_the_motors(bundle, tmp_path):
    with virtual_crazyflie(bundle) as robot, subprocess_flight(bundle, robot, tmp_path) as process:
        wait_until_flying(tmp_path / "flight.mcap", process)
        process.send_signal(signal.SIGQUIT)
        assert process.wait(timeout=60) == FlightAbortedError.exit_code
        onboard = robot.events()
    assert "emergency_stop" in event_names(onboard)
    assert list(dict.fromkeys(read_log(tmp_path / "flight.mcap")["mode"]))[-1] == "emergency_stop"


@in_real_time
def test_after_kill_minus_nine_the_robot_lands_itself_and_the_log_is_readable(bundle, tmp_path):
    path = tmp_path / "flight.mcap"
    with virtual_crazyflie(bundle) as robot, subprocess_flight(bundle, robot, tmp_path) as process:
        wait_until_flying(path, process)
        os.kill(process.pid, signal.SIGKILL)
        killed_ns = time.monotonic_ns()
        process.wait()
        onboard = events_on_the_ground(robot)
    dead_man = next(event for event in onboard["events"] if event["event"] == "dead_man")
    assert dead_man["setpoint_age_ms"] <= 201

    log = read_log(path)
    assert not log["complete"]
    steps = log["time_ns"]
    # On one clock: the last step on disk is at most 0.2 s of steps older than the kill.
    assert (killed_ns - steps[-1]) / 1e7 <= 21
    assert recover_log(path) >= steps.size
    assert read_log(path)["complete"]
