"""``sim2metal export``: a whole C folder or none, figures for machines, errors that say what to do."""

import hashlib
import json

import numpy as np
import pytest
import torch

from firmware_export.export import Args, run
from firmware_export.report import golden_steps
from policies.build import build_bundle
from policies.bundle import Golden
from policies.networks.memory_mlp import MemoryMlp, MemoryMlpConfig
from sim.errors import ConfigError, ToolchainError
from sim.registry import load_task


@pytest.fixture
def bundle(tmp_path):
    torch.manual_seed(0)
    actor = MemoryMlp(MemoryMlpConfig(hover=0.66))
    return build_bundle(tmp_path / "bundle", actor, load_task("hover"), 0, {}, {})


def test_export_to_the_host(bundle):
    result = run(Args(bundle.path, target=("host",)))
    assert result["host"]["self_test_error"] < 1e-5
    folder = bundle.path / "c"
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["bundle_id"] == bundle.id
    assert {path.name for path in folder.iterdir()} == {*manifest["files"], "manifest.json"}
    for name, digest in manifest["files"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    assert bundle.id in (folder / "policy.h").read_text()


@pytest.mark.toolchain
def test_export_to_the_microcontroller_reports_its_cost_and_replays(bundle):
    from firmware_export.hil.policy import Stm32Policy

    result = run(Args(bundle.path))["stm32f405"]
    assert result["self_test_error"] < 1e-5
    assert 1000 < result["instructions_per_step"] < 45_000
    assert 0 < result["flash_bytes"] < 60_000
    assert 0 < result["stack_bytes"] <= 256
    assert result["stack_bytes"] < result["ram_bytes"] < 4_000
    golden = bundle.golden()
    with Stm32Policy(bundle.path / "c" / "policy.elf") as policy:
        action, state = policy.replay(golden.observation[:2, :30], golden.reset[:2, :30])
    np.testing.assert_allclose(action, golden.action[:2, :30], atol=1e-5)
    np.testing.assert_allclose(state, golden.state[:2, :30], atol=1e-5)


def test_steps_of_a_policy_without_memory_can_be_measured():
    golden = Golden(
        observation=np.arange(60, dtype=np.float32).reshape(3, 5, 4),
        state=np.zeros((3, 5, 0), np.float32),
        action=np.zeros((3, 5, 2), np.float32),
        reset=np.zeros((3, 5), np.float32),
    )
    observation, state, reset = golden_steps(golden)
    assert (observation.shape, state.shape, reset.shape) == ((32, 4), (32, 0), (32,))
    assert observation[0, 0] == 0
    assert observation[-1, -1] == 59


def test_missing_compiler_leaves_the_old_export_alone(bundle, monkeypatch):
    run(Args(bundle.path, target=("host",)))
    before = {path.name: path.read_bytes() for path in (bundle.path / "c").iterdir()}
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(ToolchainError, match="apt-get install"):
        run(Args(bundle.path))
    assert {path.name: path.read_bytes() for path in (bundle.path / "c").iterdir()} == before
    assert not [path for path in bundle.path.iterdir() if path.name.startswith(".c")]


def test_unknown_target_lists_the_valid_ones(bundle):
    with pytest.raises(ConfigError, match=r"unknown target 'esp32'; choose one of: .*\bhost\b.*stm32f405"):
        run(Args(bundle.path, target=("esp32",)))
    assert not (bundle.path / "c").exists()
