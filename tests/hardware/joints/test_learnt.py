"""Bundles as they are learnt, run from taking the joints over to damping them."""

import json

import pytest

from sim2metal import main
from tests.support.untrained_bundles import untrained_bundle


@pytest.fixture(scope="module")
def standing(tmp_path_factory):
    """A G1 that stands by its gains."""
    return untrained_bundle(tmp_path_factory.mktemp("stand"), "stand", "g1")


@pytest.fixture(scope="module")
def soft(tmp_path_factory):
    """A G1 whose gains are too soft to stand by, with a policy that has learnt nothing."""
    return untrained_bundle(tmp_path_factory.mktemp("soft"), "velocity", "g1")


def run(bundle, uri, folder, *options):
    arguments = ["run", str(bundle.path), "--uri", uri, "--log", str(folder / "run.mcap")]
    code = main([*arguments, "--json", str(folder / "run.json"), *options])
    return code, json.loads((folder / "run.json").read_text())["run"]


def test_one_that_stands_by_its_gains_needs_no_crane_and_bears_a_push(standing, tmp_path):
    code, found = run(standing, "sim://g1?fault=push=0.2@armed+4", tmp_path, "--hold", "4")
    assert code == 0
    assert found["completed"]
    assert 1.0 < found["max_tilt_deg"] < 15.0


def test_soft_gains_drop_a_robot_that_nobody_holds(soft, tmp_path):
    code, found = run(soft, "sim://g1", tmp_path, "--wait", "2", "--hold", "4")
    assert code == 7
    assert found["faults"][0]["safe_action"] == "damp"


def test_the_crane_holds_a_soft_robot_through_ramp_and_wait_until_the_policy_acts(soft, tmp_path):
    uri = "sim://g1?hang=1&fault=set-down@armed+2.5"
    code, found = run(soft, uri, tmp_path, "--wait", "3", "--hold", "1")
    assert code == 0
    assert found["completed"]
    assert found["faults"] == []
    assert found["max_tilt_deg"] < 20.0


def test_a_wait_that_is_none_is_refused_before_anything_moves(standing, tmp_path, capsys):
    assert main(["run", str(standing.path), "--uri", "sim://g1", "--wait", "-1"]) == 2
    assert "a wait in the default pose lasts from 0 to 60 s, not -1" in capsys.readouterr().err
