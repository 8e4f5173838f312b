"""From a trained actor to a bundle, with where it comes from."""

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch

import sim.tasks.hover as hover
from policies import networks
from policies.build import build_bundle
from policies.export_onnx import rebuild_torch
from policies.provenance import PACKAGES, git_commit, plain, provenance
from policies.runtime import load_policy
from sim.registry import load_robot


@dataclass
class Config:
    """A training configuration as tyro would resolve it."""

    rate: float = 3e-3
    out: Path = Path("runs/x")
    sizes: tuple[int, ...] = (64, 64)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    torch.manual_seed(3)
    actor = networks.build({"kind": "memory_mlp", "hover": hover.NOMINAL.hover_command})
    path = tmp_path_factory.mktemp("build") / "bundle"
    figures = {"success_rate": np.float32(0.5), "median": float("nan"), "table_hash": hover.EVALUATION_TABLE.hash()}
    return build_bundle(path, actor, hover, seed=3, config=Config(), evaluation=figures), actor


def test_the_bundle_runs(bundle):
    loaded, policy = load_policy(bundle[0].path)
    assert loaded == bundle[0]
    assert policy.single().step(np.zeros(22)).shape == (4,)


def test_it_says_what_the_numbers_mean(bundle):
    info, robot = bundle[0].info, load_robot("crazyflie")
    assert info.task == "hover"
    assert info.robot.parameter_set == hover.NOMINAL.name
    assert info.robot.model_hash == robot.model_hash()
    assert info.robot.constants["mass"] == hover.NOMINAL.mass
    assert info.observation == hover.TASK.actor_terms
    assert info.action == hover.TASK.action
    assert info.limits == robot.limits


def test_the_same_actor_comes_back(bundle):
    made, actor = bundle
    rebuilt = rebuild_torch(made)
    inputs = torch.randn(5, 22), torch.randn(5, actor.state_size), torch.tensor([[1.0], [0], [0], [1], [0]])
    for ours, theirs in zip(rebuilt(*inputs), actor(*inputs)):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=0)


def test_provenance(bundle):
    record = bundle[0].info.provenance
    assert record["seed"] == 3
    assert record["config"] == {"rate": 3e-3, "out": "runs/x", "sizes": [64, 64]}
    assert (
        record["versions"]["torch"] == torch.__version__.split("+")[0]
        or record["versions"]["torch"] == torch.__version__
    )
    assert set(record["versions"]) == {"python", *PACKAGES}
    assert record["licences"]["policy"]


def test_evaluation_is_kept_with_null_for_nan(bundle):
    assert bundle[0].info.evaluation == {
        "success_rate": 0.5,
        "median": None,
        "table_hash": hover.EVALUATION_TABLE.hash(),
    }


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Config(), {"rate": 3e-3, "out": "runs/x", "sizes": [64, 64]}),
        ({1: Path("a")}, {"1": "a"}),
        (np.arange(3), [0, 1, 2]),
        (np.float32(0.5), 0.5),
        (float("inf"), None),
        ([True, None, "x", 1], [True, None, "x", 1]),
    ],
)
def test_plain(value, expected):
    assert plain(value) == expected
    json.dumps(plain(value), allow_nan=False)


def git(folder, *arguments):
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.org")
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True)


def test_commit_of_a_checkout(tmp_path):
    git(tmp_path, "init")
    (tmp_path / "file").write_text("1")
    git(tmp_path, "add", "file")
    git(tmp_path, "commit", "-m", "x")
    commit = git_commit(tmp_path)
    assert len(commit) == 40
    (tmp_path / "file").write_text("2")
    assert git_commit(tmp_path) == f"{commit}-dirty"
    (tmp_path / "inside").mkdir()
    assert git_commit(tmp_path / "inside") == "unknown"


def test_no_commit_without_git(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert git_commit(tmp_path) == "unknown"
    assert provenance(0, {})["commit"] == "unknown"


def test_a_damaged_checkout_has_no_commit(tmp_path):
    (tmp_path / ".git").mkdir()
    assert git_commit(tmp_path) == "unknown"
