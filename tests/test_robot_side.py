"""The robot side imports, and runs a policy, without the training side."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TRAINING_SIDE = {"torch", "mujoco", "numba", "onnx", "onnxscript", "scipy", "gymnasium", "tensorboard", "matplotlib"}


def robot_side_modules():
    """All of ``hardware`` less the virtual robots, and what the contracts let it use."""
    files = [path for path in (ROOT / "hardware").rglob("*.py") if "virtual" not in path.relative_to(ROOT).parts]
    modules = {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in files}
    return sorted(
        modules
        | {
            "policies.bundle",
            "policies.runtime",
            "sim.spec",
            "sim.errors",
            "sim.files",
            "sim.trajectories",
            "sim2metal",
        }
    )


def loaded_after(code):
    """Top-level packages in ``sys.modules`` of a fresh interpreter after ``code``."""
    report = "import sys, json; print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})))"
    done = subprocess.run([sys.executable, "-c", f"{code}\n{report}"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_there_is_a_robot_side():
    assert len(robot_side_modules()) > 10


def test_everything_together():
    loaded = loaded_after("\n".join(f"import {module}" for module in robot_side_modules()))
    assert not loaded & TRAINING_SIDE
    assert "onnxruntime" in loaded


@pytest.mark.parametrize(
    "module", ["policies.bundle", "policies.runtime", "sim.spec", "sim.files", "sim.trajectories", "sim2metal"]
)
def test_each_alone(module):
    assert not loaded_after(f"import {module}") & TRAINING_SIDE


def test_the_bundle_reader_does_not_need_onnxruntime():
    assert "onnxruntime" not in loaded_after("import policies.bundle")


def test_a_policy_runs(tmp_path):
    """Build a bundle with the training side here, load and step it without it there."""
    from policies.bundle import save_bundle
    from policies.export_onnx import export_onnx
    from tests.policies.actors import RecurrentActor, describe_actor, random_golden

    actor = RecurrentActor().eval()
    save_bundle(tmp_path / "b", describe_actor(actor), export_onnx(actor), random_golden(actor))
    code = f"""
import numpy
from policies.runtime import load_policy
bundle, policy = load_policy({str(tmp_path / "b")!r})
assert policy.single().step(numpy.zeros(22)).shape == (4,)
"""
    assert not loaded_after(code) & TRAINING_SIDE
