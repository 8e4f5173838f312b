"""Committed bundles: whole, true to their golden sequences on every host back end, and still able to fly."""

from pathlib import Path

import pytest

import policies
from firmware_export.verify import BOUND, verify
from policies.bundle import load_bundle
from policies.evaluate import check_same_task
from policies.evaluator import evaluate
from policies.runtime import OnnxPolicy
from sim.envs.task import load_flight_task

ZOO = Path(policies.__file__).parent / "zoo"
BUNDLES = sorted(path.parent for path in ZOO.glob("*/bundle.json"))
EACH = pytest.mark.parametrize("path", BUNDLES, ids=lambda path: path.name)


def test_there_are_bundles_and_the_readme_says_how_to_rebuild_each():
    readme = (ZOO / "README.md").read_text()
    assert BUNDLES
    for path in BUNDLES:
        info = load_bundle(path).info
        command = f"sim2metal train {info.task} --seed {info.provenance['seed']} --out runs/{path.name}"
        assert f"{command} --bundle policies/zoo/{path.name}" in readme


@EACH
def test_it_is_the_same_function_in_torch_onnx_and_c(path):
    for parity in verify(load_bundle(path), ("torch", "onnx", "c_host")):
        assert parity.passed, f"{parity.backend}: {parity.action}, bound {BOUND}"


@EACH
def test_it_was_made_for_the_task_as_it_is_now_and_flies_it(path):
    bundle = load_bundle(path)
    task = load_flight_task(bundle.info.task)
    check_same_task(bundle, task)
    assert bundle.info.evaluation["table_hash"] == task.EVALUATION_TABLE.hash()
    assert bundle.info.provenance["commit"] != "unknown"
    judged = evaluate(OnnxPolicy(bundle), task, 60, 4321, threads=1)
    assert judged.success_rate >= 0.95
    assert judged.median_steady_error_m < 0.04


@EACH
def test_it_is_small(path):
    assert sum(file.stat().st_size for file in path.iterdir() if file.is_file()) < 500_000
