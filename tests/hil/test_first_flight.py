"""The whole flight, and every reason not to start it."""

import dataclasses
import json
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from hardware import deploy
from hardware.flying.job import FlightJob, flight_result
from hardware.log_reader import read_log
from policies.runtime import OnnxPolicy
from sim.errors import BundleError, ConfigError, FlightRefusedError, LinkError
from tests.hil.conftest import SHORT, flight_args, virtual_crazyflie, with_limits
from tests.hil.stalls import in_real_time

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def grounded(bundle):
    """A robot that no test here brings off the ground."""
    with virtual_crazyflie(bundle) as robot:
        yield robot


def names(events):
    return [event["event"] for event in events["events"]]


@in_real_time
def test_the_whole_flight(bundle, tmp_path):
    with virtual_crazyflie(bundle) as robot:
        result = deploy.run(flight_args(bundle, robot, tmp_path))
        onboard = robot.events()
    flight = result["flight"]
    assert flight["completed"]
    assert flight["faults"] == []
    assert flight["disarmed"]
    assert flight["rms_error_m"] < 0.15
    assert flight["rms_error_m"] <= flight["max_error_m"]
    assert flight["judged_steps"] > 100
    assert flight["loop_p99_ms"] >= flight["loop"]["period_p50_ms"] > 0.0

    for earlier, later in (("estimator_reset", "armed"), ("armed", "airborne"), ("airborne", "touchdown")):
        assert names(onboard).index(earlier) < names(onboard).index(later)
    assert onboard["on_ground"]
    assert "dead_man" not in names(onboard), "the set-point stream never stopped in the air"

    log = read_log(tmp_path / "flight.mcap")
    assert log["complete"]
    assert log["metadata"]["bundle_id"] == bundle.id
    assert len(log["time_s"]) == flight["loop"]["steps"], "every loop step is in the log"
    phases = list(dict.fromkeys(log["phase"]))
    assert [phase for phase in phases if phase.startswith("set-point")] == ["set-point 1", "set-point 2", "set-point 3"]
    stops = [np.nanmean(log["target"][log["phase"] == name], axis=0) for name in ("hold", "set-point 1", "set-point 2")]
    assert [np.linalg.norm(b - a) for a, b in zip(stops, stops[1:])] == pytest.approx([0.5, 0.5])  # noqa: RUF007
    setpoints = log["setpoint"][~np.isnan(log["setpoint"][:, 0])]
    assert np.abs(np.diff(setpoints[:, :3], axis=0)).max() <= 1.0 * 0.05 + 1e-9
    assert not np.isnan(log["motors"]).all()


def test_check_only_moves_nothing(bundle, tmp_path, grounded):
    result = deploy.run(flight_args(bundle, grounded, tmp_path, check_only=True))
    onboard = grounded.events()
    assert set(result["checks"]) >= {"policy on board", "selected controller", "battery", "decks", "state estimate"}
    assert not {"armed", "motors_on", "airborne"} & set(names(onboard))
    assert not (tmp_path / "flight.mcap").exists()


REFUSALS = {
    "stock controller selected": (("--profile", "stock"), "policy on board|selected controller"),
    "flat battery": (("--charge", "0.02"), "battery: .* charge it"),
    "no positioning deck": (("--deck", "none"), "decks: no positioning deck"),
}


@pytest.mark.parametrize("reason", REFUSALS)
def test_a_failed_check_refuses_the_flight(bundle, tmp_path, reason):
    options, message = REFUSALS[reason]
    with virtual_crazyflie(bundle, *options) as robot:
        with pytest.raises(FlightRefusedError, match=message):
            deploy.run(flight_args(bundle, robot, tmp_path))
        onboard = robot.events()
    assert not {"armed", "motors_on"} & set(names(onboard))


def test_the_right_policy_with_another_controller_selected_is_refused(bundle, tmp_path, grounded):
    from hardware.registry import create_link

    with create_link(grounded.uri) as link:
        before = link.parameter("stabilizer.controller")
        link.set_parameter("stabilizer.controller", 1)
    with pytest.raises(FlightRefusedError, match=r"selected controller: stabilizer.controller is 1 \(PID\)"):
        deploy.run(flight_args(bundle, grounded, tmp_path))
    assert "armed" not in names(grounded.events())
    with create_link(grounded.uri) as link:
        link.set_parameter("stabilizer.controller", before)


def test_another_bundle_on_board_is_refused(bundle, tmp_path, grounded):
    other = with_limits(bundle, tmp_path / "other", geofence_radius_m=1.9)
    assert other.id != bundle.id
    with pytest.raises(FlightRefusedError, match=f"bundle {bundle.id[:12]} is on board, this one is {other.id[:12]}"):
        deploy.run(flight_args(other, grounded, tmp_path))
    assert "armed" not in names(grounded.events())


@pytest.mark.parametrize("damage", ["altered", "truncated", "missing"])
def test_a_bad_bundle_is_refused_before_any_packet(bundle, tmp_path, damage):
    copy = tmp_path / "bundle"
    shutil.copytree(bundle.path, copy)
    policy = copy / "policy.onnx"
    data = bytearray(policy.read_bytes())
    if damage == "missing":
        policy.unlink()
    elif damage == "truncated":
        policy.write_bytes(data[: len(data) // 2])
    else:
        data[len(data) // 2] ^= 1
        policy.write_bytes(data)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.setblocking(False)
        args = deploy.Args(copy, uri=f"udp://127.0.0.1:{listener.getsockname()[1]}", log=tmp_path / "flight.mcap")
        with pytest.raises(BundleError):
            deploy.run(args)
        with pytest.raises(BlockingIOError):
            listener.recv(64)
    assert not args.log.exists()


def test_nobody_listening_is_one_line_and_an_exit_code(bundle, tmp_path):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "sim2metal", "run", str(bundle.path), "--uri", f"udp://127.0.0.1:{port}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == LinkError.exit_code
    assert done.stderr.count("\n") == 1
    assert "sim2metal virtual crazyflie" in done.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"height": 0.0}, "--height"),
        ({"height": 5.0}, "ceiling"),
        ({"step": 3.0}, "geofence"),
        ({"hold": float("nan")}, "--hold"),
        ({"uri": "ftp://robot"}, "radio://"),
    ],
)
def test_an_impossible_flight_is_refused_before_any_packet(bundle, tmp_path, options, message):
    args = deploy.Args(bundle.path, **{"uri": "udp://127.0.0.1:9", "log": tmp_path / "log.mcap", **SHORT, **options})
    with pytest.raises(ConfigError, match=message):
        deploy.run(args)


def test_real_propellers_need_consent(bundle):
    job = FlightJob(deploy.Args(bundle.path), OnnxPolicy(bundle))
    for uri in ("radio://0/80/2M", "usb://0", "udp://192.168.4.1:2390", "serial:///dev/ttyACM0", "dds://eth0"):
        with pytest.raises(FlightRefusedError, match="add --arm"):
            deploy.require_consent(deploy.Args(bundle.path, uri=uri), job)
        deploy.require_consent(deploy.Args(bundle.path, uri=uri, arm=True), job)
    for uri in ("udp://127.0.0.1:19850", "serial:///dev/pts/3", "dds://lo?domain=1", "sim://crazyflie"):
        deploy.require_consent(deploy.Args(bundle.path, uri=uri), job)


def test_the_result_is_json(bundle, tmp_path):
    """What ``--json`` writes keeps its numbers, for a flight that never started too."""
    from hardware.flight import FlightRecord
    from hardware.flying.mission import Plan

    result = flight_result(FlightRecord(), Plan())
    assert not result["completed"]
    assert dataclasses.asdict(FlightRecord())["faults"] == []
    assert json.loads(json.dumps(result))["rms_error_m"] is None
