"""``sim2metal run`` on a virtual humanoid, from the checks to the last damping command."""

import dataclasses
import json

import pytest

import sim2metal
from policies.bundle import save_bundle
from tests.hardware.dds.conftest import virtual_humanoid


@pytest.fixture(scope="module")
def bundle(pose_bundle, tmp_path_factory):
    """Patient with a computer that has other things to do: a test process that is held up is no fault."""
    info = pose_bundle.info
    limits = dataclasses.replace(info.limits, link_silence_s=1.0, state_age_s=1.0, fault_budget_s=2.0)
    graph = (pose_bundle.path / "policy.onnx").read_bytes()
    folder = tmp_path_factory.mktemp("patient") / "bundle"
    return save_bundle(folder, dataclasses.replace(info, limits=limits), graph, pose_bundle.golden())


def run(bundle, robot, tmp_path, *options):
    result = tmp_path / "result.json"
    arguments = (
        "run",
        str(bundle.path),
        "--uri",
        robot.uri,
        "--log",
        str(tmp_path / "run.mcap"),
        "--json",
        str(result),
    )
    code = sim2metal.main([*arguments, *options])
    return code, json.loads(result.read_text()), [event["event"] for event in robot.events()["events"]]


def test_a_run_from_the_crane_ends_as_planned(bundle, tmp_path):
    with virtual_humanoid("--hang") as robot:
        code, result, events = run(bundle, robot, tmp_path, "--hold", "1")
    assert code == 0, result
    assert result["run"]["completed"]
    assert result["run"]["faults"] == []
    assert result["run"]["max_tilt_deg"] < 20.0
    assert events == ["started", "released", "armed", "stiff", "commanded_damp", "motors_off"]
    assert (tmp_path / "run.mcap").stat().st_size > 1000


@pytest.mark.slow
def test_the_remotes_stop_ends_a_run_in_damping(bundle, tmp_path):
    with virtual_humanoid("--hang", "--fault", "remote-stop@armed+2.5") as robot:
        code, result, events = run(bundle, robot, tmp_path, "--hold", "20")
    assert code == 7
    assert result["run"]["faults"][0]["fault"] == "operator_stop"
    assert result["run"]["faults"][0]["safe_action"] == "damp"
    assert events[:6] == ["started", "released", "armed", "stiff", "fault_injected", "commanded_damp"]


def test_a_check_moves_nothing(bundle, tmp_path):
    with virtual_humanoid("--hang") as robot:
        code, result, events = run(bundle, robot, tmp_path, "--check-only")
    assert code == 0
    assert result["checks"]["joints"] == "29 joints of a g1, gains 'stand'"
    assert events == ["started"]
