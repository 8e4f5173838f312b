"""The verify verb: the same policy on every back end, and a wrong one found on each."""

import dataclasses
import json

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper

import sim.tasks.hover as hover
import sim2metal
from firmware_export import backends, verify
from firmware_export.host import HostPolicy
from policies import networks
from policies.build import build_bundle
from policies.bundle import C_FOLDER, load_bundle, save_bundle
from policies.poison import poisoned, spread
from policies.torch_policy import TorchPolicy
from sim.errors import ConfigError, ToolchainError, VerificationError

EVERYWHERE = ("torch", "onnx", "c_host")


def lively_actor():
    """A flight actor with random weights whose last layer is not shrunk: it saturates."""
    torch.manual_seed(0)
    actor = networks.build({"kind": "memory_mlp", "hover": hover.NOMINAL.hover_command})
    with torch.no_grad():
        actor.layer3.weight.mul_(100.0)
    return actor


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    path = tmp_path_factory.mktemp("verify") / "bundle"
    return build_bundle(path, lively_actor(), hover, seed=1, config={}, evaluation={})


def with_changed_graph(bundle, path, name, change):
    """A bundle, right in every hash, whose graph has another constant than the golden sequences."""
    model = onnx.load_model_from_string(bundle.read_policy())
    tensor = next(tensor for tensor in model.graph.initializer if tensor.name == name)
    tensor.CopyFrom(numpy_helper.from_array(change(numpy_helper.to_array(tensor).copy()), name))
    return save_bundle(path, bundle.info, model.SerializeToString(), bundle.golden())


def test_every_back_end_computes_what_was_trained(bundle):
    for parity in verify.verify(bundle, EVERYWHERE):
        assert parity.passed, parity
        assert parity.action < verify.BOUND
        assert parity.state < verify.BOUND


@pytest.mark.toolchain
def test_the_microcontroller_computes_what_was_trained(bundle, tmp_path):
    golden = bundle.golden()
    short = type(golden)(**{f.name: getattr(golden, f.name)[:, :6] for f in dataclasses.fields(golden)})
    parities = verify.verify(
        save_bundle(tmp_path / "b", bundle.info, bundle.read_policy(), short), ("onnx", "c_stm32f405")
    )
    assert [parity.backend for parity in parities] == ["onnx", "c_stm32f405"]
    assert all(parity.passed for parity in parities), parities


def test_golden_actions_saturate(bundle):
    action = bundle.golden().action
    assert (action < 0.01).any()
    assert (action > 0.99).any()


def test_the_verb_prints_and_returns_its_figures(bundle, tmp_path, capsys):
    file = tmp_path / "parity.json"
    assert sim2metal.main(["verify", str(bundle.path), "--backends", *EVERYWHERE, "--json", str(file)]) == 0
    result = json.loads(file.read_text())
    printed = capsys.readouterr().out
    for name in EVERYWHERE:
        assert name in printed
        assert 0.0 <= result[f"parity.{name}"] <= 1e-5
        assert 0.0 <= result[f"parity.{name}.state"] <= 1e-5
        assert result[f"parity.{name}.nan_alike"] is True
    assert result["id"] == bundle.id
    assert result["passed"] is True


@pytest.mark.parametrize("backend", EVERYWHERE)
@pytest.mark.parametrize(("name", "index"), [("layer1.weight", (3, 5)), ("layer3.bias", (2,))])
def test_one_wrong_weight_is_found(bundle, tmp_path, backend, name, index):
    def nudge(values):
        values[index] += 0.01 * (abs(values[index]) + 0.1)
        return values

    wrong = with_changed_graph(bundle, tmp_path / "b", name, nudge)
    (parity,) = verify.verify(wrong, (backend,))
    assert not parity.passed


def test_failure_is_printed_then_raised_and_written(bundle, tmp_path, capsys):
    wrong = with_changed_graph(bundle, tmp_path / "b", "layer3.bias", lambda bias: bias + np.float32(1e-3))
    file = tmp_path / "parity.json"
    code = sim2metal.main(["verify", str(wrong.path), "--backends", "onnx", "--json", str(file)])
    captured = capsys.readouterr()
    assert code == VerificationError.exit_code
    assert "FAILED" in captured.out
    assert captured.err.startswith("error: onnx does not compute")
    assert captured.err.count("\n") == 1
    result = json.loads(file.read_text())
    assert result["parity.onnx"] > 1e-5
    assert result["passed"] is False


def test_nan_weights_fail_and_are_written_as_null(bundle, tmp_path):
    wrong = with_changed_graph(bundle, tmp_path / "b", "layer3.bias", lambda bias: bias * np.float32("nan"))
    file = tmp_path / "parity.json"
    assert sim2metal.main(["verify", str(wrong.path), "--backends", "onnx", "--json", str(file)]) == 8
    assert json.loads(file.read_text())["parity.onnx"] is None


class SwallowsNan:
    """A back end whose clip forgets NaN, as ``fminf(fmaxf(x, low), high)`` does."""

    def __init__(self, inner):
        self.inner, self.state_size = inner, inner.state_size

    def step(self, observation, state, reset):
        action, state = self.inner.step(observation, state, reset)
        return np.nan_to_num(action), state


def test_a_back_end_that_swallows_nan_is_found(bundle, monkeypatch):
    opener = backends.BACKENDS["onnx"]
    monkeypatch.setitem(backends.BACKENDS, "c_host", lambda *arguments: SwallowsNan(opener(*arguments)))
    good, bad = verify.verify(bundle, ("torch", "c_host"))
    assert good.passed
    assert bad.action <= verify.BOUND
    assert not bad.spread_alike
    assert not bad.passed


def test_poison_reaches_actions_and_a_reset_clears_it(bundle):
    sequences = poisoned(bundle.golden(), bundle.info)
    action, state = spread(TorchPolicy(lively_actor()), sequences)
    nan_rows = np.isnan(sequences.observation).any(axis=(1, 2))
    assert len(nan_rows) == 3 * len(bundle.info.observation)
    assert (action[:, 0] == 0).all()
    assert (action[nan_rows, 1] == 1).all()
    assert (state[:, 4:] == 0).all()
    assert (action[:, 4:] == 0).all()


def test_exported_code_is_what_is_verified(bundle, tmp_path):
    copy = save_bundle(tmp_path / "b", bundle.info, bundle.read_policy(), bundle.golden())
    exported = copy.path / C_FOLDER
    exported.mkdir()
    backends.c_folder(copy, exported)
    assert verify.verify(copy, ("c_host",))[0].passed
    text = (exported / "policy.c").read_text()
    assert "tanhf" in text or "tanh" in text
    (exported / "policy.c").write_text(text.replace("0.5f", "0.51f"))
    assert not verify.verify(copy, ("c_host",))[0].passed


def test_code_of_another_bundle_is_refused(bundle, tmp_path):
    other = save_bundle(
        tmp_path / "b", dataclasses.replace(bundle.info, task="other"), bundle.read_policy(), bundle.golden()
    )
    (other.path / C_FOLDER).mkdir()
    backends.c_folder(bundle, other.path / C_FOLDER)
    with pytest.raises(VerificationError, match=f"from bundle {bundle.id[:12]}, not {other.id[:12]}"):
        verify.verify(other, ("c_host",))


def test_no_compiler(bundle, monkeypatch):
    monkeypatch.setenv("CC", "no-such-compiler")
    with pytest.raises(
        ToolchainError, match=r"no-such-compiler is not installed.*leave c_host out: --backends torch onnx"
    ):
        verify.verify(bundle, ("c_host",))


def test_unknown_back_end(bundle):
    with pytest.raises(ConfigError, match="unknown back end 'cuda'; choose among: torch, onnx"):
        verify.verify(bundle, ("cuda",))


def test_a_missing_bundle_is_one_line(tmp_path, capsys):
    assert sim2metal.main(["verify", str(tmp_path / "none")]) == 3
    assert capsys.readouterr().err.count("\n") == 1


def test_back_ends_leave_nothing_behind(bundle):
    before = sorted(entry.name for entry in bundle.path.iterdir())
    with backends.open_backend("c_host", bundle) as policy:
        assert isinstance(policy, HostPolicy)
    assert sorted(entry.name for entry in load_bundle(bundle.path).path.iterdir()) == before
