"""``sim2metal run`` over the serial port, in processes of their own: the policy on the host flies a whole plan."""

import json
import subprocess
import sys

import pytest

from hardware.virtual.process import ROOT, VirtualProcess
from tests.hil.stalls import in_real_time, robot_slips

pytestmark = pytest.mark.slow
SHORT = ("--height", "0.3", "--hold", "1", "--step", "0.2", "--dwell", "1", "--settle", "0.5")


def fly(uri, bundle, tmp_path, *options):
    result = tmp_path / "result.json"
    command = [sys.executable, "-m", "sim2metal", "run", str(bundle), "--uri", uri, "--arm", *SHORT, *options]
    files = ["--log", str(tmp_path / "flight.mcap"), "--json", str(result)]
    done = subprocess.run([*command, *files], cwd=ROOT, capture_output=True, text=True, timeout=120)
    return done, json.loads(result.read_text())


@pytest.mark.parametrize("faults", [(), ("packet-loss=5", "delay=5", "bit-flips=2", "duplication=2")])
@in_real_time
def test_a_whole_flight(pd_bundle, tmp_path, faults):
    options = ("--bundle", str(pd_bundle.path), *(("--fault", *faults) if faults else ()))
    with VirtualProcess("serial", options=options) as robot:
        done, result = fly(robot.uri, pd_bundle.path, tmp_path)
        events = robot.events()
    robot_slips.append(events["timing"]["slipped_s"])
    assert done.returncode == 0, done.stdout + done.stderr
    assert result["flight"]["completed"]
    assert result["flight"]["rms_error_m"] < 0.15
    assert not events["armed"]
    assert events["safe_action"] is None


@in_real_time
def test_a_link_lost_in_the_air_ends_on_the_ground(pd_bundle, tmp_path):
    options = ("--bundle", str(pd_bundle.path), "--fault", "link-loss@flying+3")
    with VirtualProcess("serial", options=options) as robot:
        done, result = fly(robot.uri, pd_bundle.path, tmp_path)
        events = robot.events()
        robot_slips.append(events["timing"]["slipped_s"])
        assert done.returncode == 7
    assert result["flight"]["faults"][0]["fault"] == "link_lost"
    assert events["safe_action"] == "failsafe"
    assert events["safe_action_after_fault_ms"] <= 210.0
    assert events["on_ground"]


def test_another_robots_line_is_refused_before_anything_moves(pd_bundle, tmp_path):
    with VirtualProcess("serial", options=("--fault", "kick=90@0")) as robot:
        done, result = fly(robot.uri, pd_bundle.path, tmp_path)
        assert done.returncode == 6, "it lies on its side"
        assert "nothing moved" in result["error"]
        assert robot.events()["motors_off_s"] is None
