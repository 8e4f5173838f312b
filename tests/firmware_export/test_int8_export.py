"""``sim2metal export --int8``: flown before it is offered, refused whole, verified as what it is."""

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import sim2metal
from firmware_export import verify
from firmware_export.c_folder import exported_int8
from firmware_export.closed_loop import ClosedLoop, Flights
from firmware_export.export import Args, run
from firmware_export.host import HostPolicy, build_library
from firmware_export.int8 import Int8LossError, int8_c, measure_loss
from firmware_export.onnx_to_c import generate, quantize
from firmware_export.policy_source import bundle_source
from policies.bundle import load_bundle, save_bundle
from sim.errors import ConfigError, VerificationError
from tests.firmware_export.models import write_c
from tests.firmware_export.test_int8 import convolution, flown, mlp, samples_for

ZOO = Path(__file__).parents[2] / "policies" / "zoo" / "hover_attitude"
EPISODES = 40


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A trained bundle, exported in int8, and what the export said."""
    path = tmp_path_factory.mktemp("int8") / "bundle"
    shutil.copytree(ZOO, path, ignore=shutil.ignore_patterns("c"))
    return load_bundle(path), run(Args(path, target=("host",), int8=True, episodes=EPISODES, max_success_loss=0.05))


def copy_of(bundle, path):
    return load_bundle(shutil.copytree(bundle.path, path))


def test_what_int8_costs_in_flight_is_measured_and_kept(exported):
    bundle, result = exported
    flights = result["int8"]["closed_loop"]
    assert flights["episodes"] == EPISODES
    assert flights["success_float"] > 0.9
    assert abs(flights["success_loss"]) <= 2 / EPISODES
    assert 0.0 < flights["rms_error_int8_m"] < 0.1
    assert 1e-4 < result["int8"]["action_error"] < 0.1
    assert result["host"]["self_test_error"] == 0.0
    manifest = json.loads((bundle.path / "c" / "manifest.json").read_text())
    assert manifest["int8"] == result["int8"]
    assert "dense_s8" in (bundle.path / "c" / "policy.c").read_text()


def test_int8_is_refused_when_it_loses_flights(tmp_path, monkeypatch, capsys):
    """A calibration that hides most of every input: the policy saturates and falls."""
    monkeypatch.setattr(quantize, "MARGIN", 0.01)
    path = shutil.copytree(ZOO, tmp_path / "bundle", ignore=shutil.ignore_patterns("c"))
    file = tmp_path / "result.json"
    options = ["--int8", "--target", "host", "--episodes", str(EPISODES), "--json", str(file)]
    assert sim2metal.main(["export", str(path), *options]) == VerificationError.exit_code
    message = capsys.readouterr().err
    assert message.startswith("error: int8 loses ")
    assert message.count("\n") == 1
    assert not (path / "c").exists()
    flights = json.loads(file.read_text())["int8"]["closed_loop"]
    assert flights["success_loss"] > 0.005


def test_what_cannot_be_flown_is_refused_unless_that_is_accepted(tmp_path):
    (tmp_path / "policy.onnx").write_bytes(mlp((20, 40, 3)))
    args = {"policy": tmp_path / "policy.onnx", "target": ("host",), "int8": True}
    with pytest.raises(Int8LossError, match=r"has no task.*--max-success-loss None"):
        run(Args(**args))
    assert not (tmp_path / "policy-c").exists()
    result = run(Args(**args, max_success_loss=None))
    assert result["int8"]["closed_loop"] is None
    assert result["int8"]["action_error"] < 0.05


@pytest.mark.parametrize("share", [-0.1, 1.5, float("nan")])
def test_a_loss_that_is_no_share_is_refused(tmp_path, share):
    with pytest.raises(ConfigError, match="share from 0 to 1"):
        measure_loss(ZOO, tmp_path, share)


def test_a_task_without_a_closed_loop_is_named(tmp_path):
    zoo = load_bundle(ZOO)
    other = dataclasses.replace(zoo.info, task="walk")
    bundle = save_bundle(tmp_path / "b", other, zoo.read_policy(), zoo.golden())
    with pytest.raises(Int8LossError, match="task 'walk' has no closed loop here"):
        run(Args(bundle.path, target=("host",), int8=True))
    assert not (bundle.path / "c").exists()


def test_an_int8_export_is_verified_as_what_it_is(exported, capsys):
    bundle, result = exported
    assert sim2metal.main(["verify", str(bundle.path), "--backends", "torch", "onnx", "c_host"]) == 0
    assert "int8, bound" in " ".join(capsys.readouterr().out.split()).replace("│ ", "")
    torch_parity, onnx_parity, ours = verify.verify(bundle, ("torch", "onnx", "c_host"))
    assert torch_parity.int8 is None
    assert onnx_parity.action < verify.BOUND
    assert ours.action == pytest.approx(result["int8"]["action_error"], rel=1e-6)
    assert ours.passed


def test_int8_code_with_a_wrong_weight_fails(exported, tmp_path):
    bundle = copy_of(exported[0], tmp_path / "b")
    source = bundle.path / "c" / "policy.c"
    text = source.read_text()
    start = text.index("weight_0[")
    values = text.index("{", start) + 1
    end = text.index(",", values)
    source.write_text(text[:values] + " -2139062144" + text[end:])
    assert not verify.verify(bundle, ("onnx", "c_host"))[1].passed


def test_int8_code_that_hides_nan_fails(exported, tmp_path):
    bundle = copy_of(exported[0], tmp_path / "b")
    source = bundle.path / "c" / "policy.c"
    source.write_text(source.read_text().replace("if (!(poison == 0.0f))", "if (outputs == 0U)"))
    (parity,) = verify.verify(bundle, ("onnx", "c_host"))[1:]
    assert parity.action <= parity.action_bound
    assert not parity.spread_alike
    assert not parity.passed


@pytest.mark.parametrize("text", ["{", '{"int8": {}}', '{"int8": {"action_error": NaN, "state_error": 0}}'])
def test_a_damaged_manifest_is_one_line(exported, tmp_path, text):
    bundle = copy_of(exported[0], tmp_path / "b")
    (bundle.path / "c" / "manifest.json").write_text(text)
    with pytest.raises(VerificationError, match=r"manifest\.json.*export' again"):
        exported_int8(bundle)


def test_a_float_export_takes_the_place_of_an_int8_one(exported, tmp_path):
    bundle = copy_of(exported[0], tmp_path / "b")
    run(Args(bundle.path, target=("host",)))
    assert exported_int8(bundle) is None
    assert verify.verify(bundle, ("onnx", "c_host"))[1].passed


def test_the_same_bundle_gives_the_same_int8_code(exported):
    source = bundle_source(exported[0])
    assert int8_c(source).generated.files == int8_c(source).generated.files


def test_distances_of_which_there_are_none_are_null():
    nobody = Flights(0.0, float("nan"))
    figures = ClosedLoop("hover", 4, nobody, nobody).to_json()
    assert figures["rms_error_float_m"] is figures["rms_error_int8_m"] is None
    assert figures["success_loss"] == 0.0


@pytest.mark.toolchain
@pytest.mark.parametrize("case", ["mlp", "memory", "convolution"])
def test_the_microcontroller_computes_the_same_bits(case, memory_model, tmp_path):
    from firmware_export.build import build_target
    from firmware_export.hil.policy import Stm32Policy
    from firmware_export.targets import load_target
    from tests.firmware_export.test_generated_code import excerpt_of

    model, samples = {
        "mlp": lambda: (mlp((30, 21, 5)), samples_for(30)),
        "memory": lambda: (memory_model, flown(memory_model, 22, 24)),
        "convolution": lambda: (convolution(), samples_for(105)),
    }[case]()
    write_c(tmp_path, generate(model, excerpt=excerpt_of(model, generate(model).sizes), samples=samples))
    host = HostPolicy(build_library(tmp_path, tmp_path / "policy.so"))
    rows = slice(0, 30)
    inputs = [samples.observation[rows] * 1.5, samples.state[rows], samples.reset[rows]]  # some beyond their range
    inputs[0][3, 4] = np.nan
    inputs[0][4, 5] = -np.inf
    ours = host.step(*inputs)
    with Stm32Policy(build_target(load_target("stm32f405"), tmp_path, tmp_path).artifact) as board:
        theirs = board.step(*inputs)
    for on_host, on_board in zip(ours, theirs):
        np.testing.assert_array_equal(on_host, on_board)  # NaN equals NaN
    assert np.isnan(ours[0][3]).all()
