"""Committed bundles: whole, true to their golden sequences on every host back end, and as able as they say."""

import importlib
import re
import shlex
from pathlib import Path

import pytest
import tyro
from rich.console import Console

import policies
from firmware_export.verify import BOUND, verify
from policies.bundle import load_bundle
from policies.certificate import load_certificate
from policies.evaluate import check_same_task
from policies.evaluate_contact import evaluate_contact
from policies.evaluate_legged import evaluate_legged
from policies.evaluator import evaluate
from policies.golden import STEPS
from policies.provenance import plain
from policies.runtime import OnnxPolicy
from policies.train import module_for
from policies.training_run import for_task
from sim.envs.contact_task import load_contact_task
from sim.envs.task import load_flight_task
from sim.legged.physics import SETTINGS
from sim.legged.spec import LeggedTaskSpec
from sim.registry import load_task

ZOO = Path(policies.__file__).parent / "zoo"
BUNDLES = sorted(path.parent for path in ZOO.glob("*/bundle.json"))
TOUCHING = [path for path in BUNDLES if load_bundle(path).info.images]
WALKING = [path for path in BUNDLES if isinstance(load_task(load_bundle(path).info.task).TASK, LeggedTaskSpec)]
FLYING = [path for path in BUNDLES if path not in (*TOUCHING, *WALKING)]
EACH, EACH_FLYING, EACH_TOUCHING, EACH_WALKING = (
    pytest.mark.parametrize("path", some, ids=lambda path: path.name) for some in (BUNDLES, FLYING, TOUCHING, WALKING)
)


def row_of(name):
    """The bundle's line in the README."""
    lines = [line for line in (ZOO / "README.md").read_text().splitlines() if line.startswith(f"| `{name}` |")]
    assert len(lines) == 1, f"policies/zoo/README.md needs one line for {name}"
    return lines[0]


def test_there_are_bundles_and_all_together_are_small():
    assert BUNDLES
    assert sum(file.stat().st_size for path in BUNDLES for file in path.iterdir() if file.is_file()) < 4_000_000


@EACH_FLYING
def test_the_readme_says_what_it_earned_and_how_to_rebuild_it(path):
    info, row = load_bundle(path).info, row_of(path.name)
    command = f"sim2metal train {info.task} --seed {info.provenance['seed']} --out runs/{path.name}"
    steps = load_bundle(path).golden().reset.shape[1]
    shorter = "" if steps == STEPS else f" --golden-steps {steps}"
    assert f"{command}{shorter} --bundle policies/zoo/{path.name}`" in row
    earned = info.evaluation
    assert f"| {earned['success_rate']:.1%} of {earned['episodes']} |" in row
    assert f"| {100 * earned['median_steady_error_m']:.1f} cm |" in row


@EACH
def test_the_command_of_the_readme_trains_with_its_settings(path):
    command = re.search(r"`sim2metal train ([^`]+)`", row_of(path.name))
    assert command is not None
    words = shlex.split(command[1])
    args = tyro.cli(importlib.import_module(module_for(words)).Args, args=words)
    made = load_bundle(path).info.provenance
    assert args.seed == made["seed"]
    config = for_task(args.config, load_flight_task(args.task)) if path in FLYING else args.config
    assert asked_for(plain(config), made["config"]) == made["config"]


def asked_for(config, made):
    """What a command asks for of the settings that there were when a bundle was made."""
    return {name: asked_for(config[name], was) if isinstance(was, dict) else config[name] for name, was in made.items()}


@EACH
def test_it_is_the_same_function_in_torch_onnx_and_c(path):
    for parity in verify(load_bundle(path), ("torch", "onnx", "c_host")):
        assert parity.passed, f"{parity.backend}: {parity.action}, bound {BOUND}"


@EACH_TOUCHING
def test_the_readme_says_what_touch_earned_and_how_to_rebuild_it(path):
    info, row = load_bundle(path).info, row_of(path.name)
    earned = info.evaluation
    assert f"sim2metal train {info.task} --learner {earned['learner']} --input {earned['input']} --expert" in row
    assert f" --seed {info.provenance['seed']} --out runs/{path.name} --bundle policies/zoo/{path.name}`" in row
    assert f"| {earned['success_rate']:.1%} of {earned['episodes']} |" in row


@EACH_TOUCHING
def test_it_was_made_for_the_task_as_it_is_now_and_touches_as_well_as_it_says(path):
    bundle = load_bundle(path)
    task = load_contact_task(bundle.info.task)
    found = evaluate_contact(bundle, task, 12, 4321, 1, Console(quiet=True))
    assert found["eval.success_interval"][1] >= bundle.info.evaluation["success_rate"] - 0.01
    assert bundle.info.provenance["commit"] != "unknown"


@EACH_WALKING
def test_the_readme_says_what_a_body_on_legs_earned_and_how_to_rebuild_it(path):
    info, row = load_bundle(path).info, row_of(path.name)
    earned, clip = info.evaluation, info.provenance.get("clip")
    which = f"{info.task} --clip {clip['name']}" if clip else info.task
    assert f"sim2metal train {which} --robot {info.robot.name} --seed {info.provenance['seed']}" in row
    assert f" --out runs/{path.name}" in row
    assert f" --bundle policies/zoo/{path.name}`" in row
    assert f"| {earned['success_rate']:.1%} of {earned['episodes']} |" in row
    assert (f"{1000 * earned['body_distance_m']:.0f} mm" if clip else f"{earned['velocity_error_m_s']:.2f} m/s") in row


@EACH_WALKING
def test_it_was_made_for_the_task_as_it_is_now_and_stays_on_its_legs_as_well_as_it_says(path):
    bundle = load_bundle(path)
    found, earned = evaluate_legged(bundle, 24, 4321, 1, Console(quiet=True)), bundle.info.evaluation
    assert found["eval.success_interval"][1] >= earned["success_rate"] - 0.01
    error = "velocity_error_m_s" if earned["velocity_error_m_s"] is not None else "body_distance_m"
    assert found[f"eval.{error}"] < 1.2 * earned[error]
    assert bundle.info.provenance["commit"] != "unknown"


@EACH_FLYING
def test_it_was_made_for_the_task_as_it_is_now_and_flies_it_as_well_as_it_says(path):
    bundle = load_bundle(path)
    task = load_flight_task(bundle.info.task)
    check_same_task(bundle, task)
    earned = bundle.info.evaluation
    assert earned["table_hash"] == task.EVALUATION_TABLE.hash()
    assert earned["success_rate"] >= 0.95
    assert bundle.info.provenance["commit"] != "unknown"
    judged = evaluate(OnnxPolicy(bundle), task, 24, 4321, threads=1)
    assert judged.success_interval[1] >= earned["success_rate"] - 0.01
    assert judged.median_steady_error_m < 1.5 * earned["median_steady_error_m"] + 0.005


@EACH
def test_it_is_small(path):
    assert sum(file.stat().st_size for file in path.iterdir() if file.is_file()) < (
        1_000_000 if path in TOUCHING else 450_000
    )


@EACH_WALKING
def test_it_has_a_certificate_of_transfer(path):
    certificate = load_certificate(load_bundle(path))
    assert certificate is not None
    assert certificate.episodes >= 100
    assert {row.setting for row in certificate.settings} == {physics.name for physics in SETTINGS}
