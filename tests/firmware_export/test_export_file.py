"""``sim2metal export FILE.onnx``: files of torch's two exporters and of rsl-rl, and what is refused."""

import hashlib
import json

import numpy as np
import onnx
import pytest
from onnx import helper

import sim2metal
from firmware_export import model_file
from firmware_export.export import Args, run
from firmware_export.host import HostPolicy
from firmware_export.onnx_to_c import UnsupportedModelError
from firmware_export.onnx_to_c.tables import literal
from firmware_export.policy_source import file_source
from firmware_export.reference_steps import SEQUENCES, STEPS, typical_scale
from policies.bundle import Golden
from sim.errors import ConfigError, StorageError, VerificationError
from tests.firmware_export.exports import EXAMPLES, OBSERVATION, export_example, export_rsl
from tests.firmware_export.models import make_model

HOST = ("host",)


def weights_are_beside(path):
    return path.with_name(path.name + ".data").is_file()


@pytest.mark.parametrize("exporter", ["torchscript", "dynamo"])
@pytest.mark.parametrize("name", EXAMPLES)
def test_what_torch_exports(name, exporter, tmp_path):
    path = export_example(name, tmp_path / "policy.onnx", dynamo=exporter == "dynamo")
    assert weights_are_beside(path) == (exporter == "dynamo")
    result = run(Args(path, target=HOST))["host"]
    assert result["self_test_error"] < 1e-5
    assert 0 < result["replay_error"] < 3e-6


def test_what_the_dynamo_exporter_does_not_optimize(tmp_path):
    path = export_example("mlp", tmp_path / "policy.onnx", dynamo=True, optimize=False)
    assert "CastLike" in {node.op_type for node in onnx.load(path).graph.node}
    assert 0 < run(Args(path, target=HOST))["host"]["replay_error"] < 3e-6


def test_functions_in_a_file_are_written_out_where_they_are_called(tmp_path):
    path = tmp_path / "policy.onnx"
    model = onnx.load_model_from_string(
        make_model([helper.make_node("Twice", ["observation"], ["y"])], {"observation": 3})
    )
    model.graph.node[0].domain = "mine"
    model.graph.node.append(helper.make_node("Tanh", ["y"], ["action"]))
    body = [helper.make_node("Add", ["x", "x"], ["twice"])]
    standard, mine = model.opset_import[0], helper.make_opsetid("mine", 1)
    model.functions.append(helper.make_function("mine", "Twice", ["x"], ["twice"], body, [standard]))
    model.opset_import.append(mine)
    path.write_bytes(model.SerializeToString())
    golden = file_source(path).golden
    np.testing.assert_allclose(golden.action, np.tanh(2.0 * golden.observation), atol=1e-6)
    assert 0 < run(Args(path, target=HOST))["host"]["replay_error"] < 1e-6


@pytest.mark.parametrize("kind", ["mlp", "gru", "lstm"])
def test_what_rsl_rl_exports(kind, tmp_path):
    path = export_rsl(tmp_path / "policy.onnx", kind)
    assert weights_are_beside(path)
    result = run(Args(path, target=HOST))
    assert result["state_bytes"] == {"mlp": 0, "gru": 4 * 2 * 12, "lstm": 4 * 4 * 12}[kind]
    assert 0 < result["host"]["replay_error"] < 3e-6


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """One file with its weights beside it; tests copy it."""
    return export_example("mlp", tmp_path_factory.mktemp("exported") / "policy.onnx", dynamo=True)


@pytest.fixture
def policy(exported, tmp_path):
    for file in (exported, exported.with_name("policy.onnx.data")):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    return tmp_path / "policy.onnx"


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_the_folder_lies_beside_the_file_and_lists_its_hashes(policy):
    run(Args(policy, target=HOST))
    folder = policy.parent / "policy-c"
    manifest = json.loads((folder / "manifest.json").read_text())
    assert names_in(folder) == sorted([*manifest["files"], "manifest.json"])
    for name, digest in manifest["files"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    assert manifest["bundle_id"] == manifest["policy_onnx_sha256"] == HostPolicy(folder / "policy.so").bundle_id


def test_the_id_covers_the_file_and_the_weights_beside_it(policy):
    both = policy.read_bytes() + policy.with_name("policy.onnx.data").read_bytes()
    assert file_source(policy).id == hashlib.sha256(both).hexdigest()
    model = onnx.load(policy)  # takes the weights in
    alone = policy.with_name("alone.onnx")
    alone.write_bytes(model.SerializeToString())
    assert file_source(alone).id == hashlib.sha256(alone.read_bytes()).hexdigest()


def test_the_same_file_gives_the_same_code(policy, tmp_path):
    run(Args(policy, target=(), out=tmp_path / "first"))
    run(Args(policy, target=(), out=tmp_path / "second"))
    assert names_in(tmp_path / "first") == ["manifest.json", "policy.c", "policy.h", "policy_selftest.c"]
    for name in names_in(tmp_path / "first"):
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes()


def test_the_verb_prints_what_a_user_asks_first(policy, capsys):
    assert sim2metal.main(["export", str(policy), "--target", "host"]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "policy-c: 9 observations, 3 actions" in printed
    assert "peak workspace" in printed
    assert "widest at" in printed


@pytest.mark.parametrize("shape", [(40, OBSERVATION), (2, 20, OBSERVATION)])
def test_golden_steps_of_a_users_observations(policy, tmp_path, shape):
    observation = np.random.default_rng(4).uniform(-3.0, 3.0, shape)
    np.savez(tmp_path / "golden.npz", observation=observation)
    golden = file_source(policy, tmp_path / "golden.npz").golden
    np.testing.assert_array_equal(golden.observation.reshape(shape), observation.astype(np.float32))
    run(Args(policy, target=HOST, golden=tmp_path / "golden.npz"))
    text = (tmp_path / "policy-c" / "policy_selftest.c").read_text()
    assert literal(observation.ravel()[0]) in text


def test_without_them_they_are_seeded_normal_numbers(policy):
    golden = file_source(policy).golden
    assert golden.observation.shape == (SEQUENCES, STEPS, OBSERVATION)
    assert abs(golden.observation.mean()) < 0.05
    assert golden.observation.std() == pytest.approx(1.0, abs=0.05)
    np.testing.assert_array_equal(golden.observation, file_source(policy).golden.observation)


def test_memory_starts_from_zeros_and_goes_from_step_to_step(tmp_path):
    nodes = [helper.make_node("Add", ["state_in", "observation"], ["state_out"], name="sum")]
    nodes.append(helper.make_node("Identity", ["state_out"], ["action"], name="same"))
    path = tmp_path / "sum.onnx"
    path.write_bytes(make_model(nodes, {"observation": 2, "state_in": 2}, outputs=("action", "state_out")))
    np.savez(tmp_path / "golden.npz", observation=np.ones((5, 2)))
    golden = file_source(path, tmp_path / "golden.npz").golden
    np.testing.assert_array_equal(golden.state[0, :, 0], [1, 2, 3, 4, 5])
    np.testing.assert_array_equal(golden.reset, [[1, 0, 0, 0, 0]])


def test_errors_are_relative_to_what_each_value_reaches():
    values = np.array([[[2.0, -40.0, 0.0]], [[-3.0, 10.0, 0.0]]])
    np.testing.assert_allclose(typical_scale(values), [3.0, 40.0, 0.4])
    np.testing.assert_array_equal(typical_scale(np.zeros((1, 4, 2))), [1.0, 1.0])
    assert typical_scale(np.zeros((1, 4, 0))).shape == (0,)


def test_code_that_computes_something_else_is_refused(policy, monkeypatch):
    """Every golden step is replayed, not only those in the self-test."""
    right = file_source(policy)
    late = right.golden.action.copy()
    late[1, 400, 0] += 1e-3
    wrong = Golden(right.golden.observation, right.golden.reset, right.golden.state, late)
    monkeypatch.setattr("firmware_export.policy_source.replay_model", lambda *arguments: wrong)
    with pytest.raises(VerificationError, match=r"off by .* over 1000 golden steps"):
        run(Args(policy, target=HOST))
    assert names_in(policy.parent) == ["policy.onnx", "policy.onnx.data"]


def refused(path, error=UnsupportedModelError, **options):
    """Return the one line with which a file is refused; nothing is left beside it."""
    before = names_in(path.parent)
    with pytest.raises(error) as caught:
        run(Args(path, target=HOST, **options))
    assert names_in(path.parent) == before
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_missing_weights_are_named(policy):
    policy.with_name("policy.onnx.data").unlink()
    assert "its weights lie in 'policy.onnx.data', which is missing: copy both files" in refused(policy)


def test_weights_cut_short_are_refused(policy):
    data = policy.with_name("policy.onnx.data")
    data.write_bytes(data.read_bytes()[:-8])
    assert "'policy.onnx.data' cannot be read" in refused(policy)


@pytest.mark.parametrize("location", ["../policy.onnx.data", "/etc/passwd", "sub/weights", "", "."])
def test_weights_may_lie_beside_the_file_only(policy, location):
    model = onnx.load(policy, load_external_data=False)
    for tensor in model.graph.initializer:
        for entry in tensor.external_data:
            if entry.key == "location":
                entry.value = location
    policy.write_bytes(model.SerializeToString())
    assert "must be a file beside it" in (message := refused(policy)) or "which is missing" in message


def test_huge_files_are_not_read(policy, monkeypatch):
    monkeypatch.setattr(model_file, "LARGEST_FILE", 20_000)
    policy.with_name("policy.onnx.data").write_bytes(bytes(30_000))
    assert "has 30000 bytes: too large for a microcontroller" in refused(policy)
    policy.write_bytes(bytes(30_000))
    assert "too large" in refused(policy)


def test_what_is_no_file_or_no_model(tmp_path):
    assert "no file" in refused(tmp_path / "none.onnx")
    (tmp_path / "text.onnx").write_text("not a model")
    assert "not an ONNX model" in refused(tmp_path / "text.onnx")


def test_an_unknown_operator_is_named_with_file_and_node(tmp_path):
    path = tmp_path / "det.onnx"
    path.write_bytes(
        make_model([helper.make_node("Det", ["observation"], ["action"], name="/Det")], {"observation": 3})
    )
    message = refused(path)
    assert str(path) in message
    assert "node '/Det': operator 'Det' is not supported" in message


def test_what_onnxruntime_refuses_at_run_time_is_one_line_of_ours(tmp_path, capfd):
    constants = {"s": np.ones(1, np.float32), "b": np.ones(2, np.float32)}
    nodes = [helper.make_node("LayerNormalization", ["observation", "s", "b"], ["action"], axis=1)]
    (tmp_path / "norm.onnx").write_bytes(make_model(nodes, {"observation": 1}, constants))
    assert "norm.onnx: onnxruntime cannot run it: " in refused(tmp_path / "norm.onnx")
    assert capfd.readouterr().err == ""


def test_an_answer_that_is_no_number_proves_nothing(tmp_path):
    path = tmp_path / "sqrt.onnx"
    path.write_bytes(make_model([helper.make_node("Sqrt", ["observation"], ["action"])], {"observation": 3}))
    assert "computes NaN or infinity on these observations" in refused(path)
    np.savez(tmp_path / "golden.npz", observation=np.full((4, 3), 2.0))
    assert run(Args(path, target=HOST, golden=tmp_path / "golden.npz"))["host"]["self_test_error"] < 1e-6


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"obs": np.zeros((4, OBSERVATION))}, "array of numbers 'observation'"),
        ({"observation": np.zeros((4, 5))}, r"has shape \(4, 5\), expected \(steps, 9\)"),
        ({"observation": np.zeros((0, OBSERVATION))}, "has shape"),
        ({"observation": np.full((4, OBSERVATION), np.nan)}, "holds NaN"),
        ({"observation": np.array(["text"] * OBSERVATION)[None]}, "array of numbers"),
        ({"observation": np.zeros((200_000, OBSERVATION), np.float32)}, "200000 steps; at most"),
    ],
)
def test_observations_that_do_not_fit(policy, tmp_path, arrays, message):
    np.savez(tmp_path / "golden.npz", **arrays)
    with pytest.raises(ConfigError, match=message):
        run(Args(policy, target=HOST, golden=tmp_path / "golden.npz"))


def test_observations_that_are_no_file(policy, tmp_path):
    with pytest.raises(ConfigError, match="No such file"):
        run(Args(policy, golden=tmp_path / "none.npz"))
    with pytest.raises(ConfigError, match=r"must be an \.npz file"):
        run(Args(policy, golden=policy))


def test_a_folder_with_other_work_in_it_is_left_alone(policy, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("all of it")
    with pytest.raises(StorageError, match=r"also holds 'thesis\.tex'"):
        run(Args(policy, target=HOST, out=tmp_path / "mine"))
    assert names_in(tmp_path / "mine") == ["thesis.tex"]


@pytest.mark.slow
@pytest.mark.toolchain
def test_a_step_longer_than_the_counter_is_exported_without_its_figure(tmp_path):
    """Two million multiply-adds on an image of 12 kB, which also must come through the serial port."""
    weights = np.random.default_rng(0).normal(0.0, 0.05, (64, 3, 7, 7)).astype(np.float32)
    nodes = [
        helper.make_node("Reshape", ["observation", "shape"], ["image"], name="image"),
        helper.make_node("Conv", ["image", "w"], ["y"], name="conv", strides=[2, 2]),
        helper.make_node("GlobalMaxPool", ["y"], ["z"], name="pool"),
        helper.make_node("Flatten", ["z"], ["action"], name="flat"),
    ]
    constants = {"shape": np.array([-1, 3, 32, 32]), "w": weights}
    (tmp_path / "policy.onnx").write_bytes(make_model(nodes, {"observation": 3 * 32 * 32}, constants))
    result = run(Args(tmp_path / "policy.onnx", target=("stm32f405",)))["stm32f405"]
    assert result["instructions_per_step"] is None
    assert result["self_test_error"] < 1e-5
