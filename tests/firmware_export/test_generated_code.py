"""What the generated C promises besides its numbers: memory, warnings, names, errors."""

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
from onnx import helper

from firmware_export.host import build_library, run_self_test
from firmware_export.onnx_to_c import Excerpt, UnsupportedModelError, generate
from firmware_export.onnx_to_c.reader import supported_operators
from firmware_export.toolchain import STRICT_C99
from sim.errors import ToolchainError
from tests.firmware_export.models import make_model, run_onnx, write_c

MODELS = ("mlp_model", "memory_model")


def excerpt_of(model, sizes, steps=2):
    """Closed-loop steps of onnxruntime from reset."""
    rng = np.random.default_rng(7)
    observation = rng.normal(size=(steps, sizes.observation)).astype(np.float32)
    state, actions = np.zeros((1, sizes.state), np.float32), []
    for t in range(steps):
        feeds = {"observation": observation[t : t + 1], "state_in": state, "reset": np.full((1, 1), t == 0, "f")}
        action, *rest = run_onnx(model, feeds)
        state = rest[0] if rest else state
        actions.append(action[0])
    return Excerpt(observation, np.array(actions), state[0], np.ones(sizes.action), np.ones(sizes.state))


@pytest.fixture(params=MODELS)
def c_folder(request, tmp_path):
    model = request.getfixturevalue(request.param)
    sizes = generate(model).sizes
    return write_c(tmp_path / "c", generate(model, "5a" * 32, excerpt_of(model, sizes)))


def test_memory_policy_equals_onnxruntime_over_a_sequence(memory_model, compile_policy):
    policy = compile_policy(memory_model)
    rng = np.random.default_rng(0)
    ours = theirs = rng.normal(size=(8, 24)).astype(np.float32)
    for t in range(100):
        observation = rng.normal(0, 3, (8, 22)).astype(np.float32)
        reset = np.full(8, t in (0, 40))
        action, ours = policy.step(observation, ours, reset)
        feeds = {"observation": observation, "state_in": theirs, "reset": reset[:, None].astype(np.float32)}
        expected, theirs = run_onnx(memory_model, feeds)
        np.testing.assert_allclose(action, expected, atol=2e-6)
        np.testing.assert_allclose(ours, theirs, atol=2e-6)


@pytest.mark.parametrize("place", range(22))
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity_spread_as_in_onnxruntime(memory_model, memory_policy, place, value):
    observation = np.full((1, 22), 0.1, np.float32)
    observation[0, place] = value
    state, reset = np.full((1, 24), 0.2, np.float32), np.zeros((1, 1), np.float32)
    expected = run_onnx(memory_model, {"observation": observation, "state_in": state, "reset": reset})
    for ours, theirs in zip(memory_policy.step(observation, state, reset[:, 0]), expected):
        np.testing.assert_array_equal(np.isnan(ours), np.isnan(theirs))
        np.testing.assert_array_equal(np.isinf(ours), np.isinf(theirs))


def test_self_test_passes_under_sanitizers(c_folder):
    assert run_self_test(c_folder, sanitize=True) < 1e-5


def test_self_test_fails_when_a_golden_value_is_wrong(c_folder):
    path = c_folder / "policy_selftest.c"
    wrong = re.sub(r"(expected_action\[\d+\] = \{\s*)\S+,", r"\g<1>0.123f,", path.read_text())
    path.write_text(wrong)
    with pytest.raises(ToolchainError):
        run_self_test(c_folder)


def test_no_mutable_globals_and_no_heap(c_folder):
    for name in ("policy", "policy_selftest"):
        command = ["gcc", *STRICT_C99, "-O2", "-c", c_folder / f"{name}.c", "-o", c_folder / f"{name}.o"]
        subprocess.run(command, check=True)
        symbols = subprocess.run(["nm", c_folder / f"{name}.o"], check=True, capture_output=True, text=True).stdout
        kinds = {line.split()[-2] for line in symbols.splitlines()}
        assert not kinds & set("bBdDcC"), symbols
        assert not re.search(r"\b(malloc|calloc|realloc|free|alloca)\b", symbols)


def test_stack_of_a_step_is_small(c_folder):
    command = ["gcc", *STRICT_C99, "-O2", "-fstack-usage", "-c", c_folder / "policy.c", "-o", c_folder / "p.o"]
    subprocess.run(command, check=True)
    (report,) = c_folder.glob("*.su")
    sizes = [int(line.split("\t")[1]) for line in report.read_text().splitlines()]
    assert sum(sizes) <= 256


@pytest.mark.parametrize("standard", ["c++11", "c++20"])
def test_compiles_as_cpp(c_folder, standard):
    flags = [f"-std={standard}", "-Wall", "-Wextra", "-Werror", "-pedantic", "-Wconversion", "-fsyntax-only"]
    for name in ("policy.c", "policy_selftest.c"):
        subprocess.run(["g++", "-x", "c++", *flags, c_folder / name], check=True)


def test_same_model_gives_the_same_code(memory_model):
    assert generate(memory_model).files == generate(memory_model).files


def test_bundle_id_is_on_board(c_folder, tmp_path):
    from firmware_export.host import HostPolicy

    assert HostPolicy(build_library(c_folder, tmp_path / "policy.so")).bundle_id == "5a" * 32


def test_workspace_is_reused(compile_policy):
    """Ten layers of 32 need two buffers, not twenty."""
    nodes, constants, name = [], {}, "observation"
    for i in range(10):
        constants[f"w{i}"] = np.eye(32, dtype=np.float32)
        nodes.append(helper.make_node("MatMul", [name, f"w{i}"], [f"y{i}"], name=f"m{i}"))
        name = "action" if i == 9 else f"x{i}"
        nodes.append(helper.make_node("Relu", [f"y{i}"], [name], name=f"r{i}"))
    policy = compile_policy(make_model(nodes, {"observation": 32}, constants))
    assert policy.workspace_size <= 64
    x = np.random.default_rng(0).normal(size=(3, 32)).astype(np.float32)
    np.testing.assert_array_equal(policy.step(x, np.zeros((3, 0)), np.zeros(3))[0], np.maximum(x, 0))


def test_unknown_operator_names_the_node():
    model = make_model([helper.make_node("Det", ["observation"], ["action"], name="/head/Det")], {"observation": 3})
    with pytest.raises(UnsupportedModelError, match=r"'/head/Det'.*'Det' is not supported"):
        generate(model)


@pytest.mark.parametrize(
    ("nodes", "inputs", "message"),
    [
        ([helper.make_node("Relu", ["observation"], ["action"])], {"image": 3}, "'observation', which nothing"),
        ([helper.make_node("Relu", ["missing"], ["action"])], {"observation": 3}, "'missing', which nothing defines"),
        (
            [helper.make_node("Cast", ["observation"], ["action"], to=7, name="c")],
            {"observation": 3},
            "'c': Cast to INT64",
        ),
        ([helper.make_node("Relu", ["observation"], ["action"])], {"observation": 3, "state_in": 2}, "both 'state_in'"),
    ],
)
def test_bad_graphs_say_what_is_wrong(nodes, inputs, message):
    with pytest.raises(UnsupportedModelError, match=message):
        generate(make_model(nodes, inputs))


def test_a_file_that_is_no_model_is_refused():
    with pytest.raises(UnsupportedModelError, match="not an ONNX model"):
        generate(b"\xff not a model")


def test_missing_compiler_names_the_package(c_folder, tmp_path, monkeypatch):
    monkeypatch.setenv("CC", "no-such-cc")
    with pytest.raises(ToolchainError, match="apt-get install gcc"):
        build_library(c_folder, tmp_path / "policy.so")
    assert not (tmp_path / "policy.so").exists()


def test_failed_build_leaves_nothing(c_folder, tmp_path):
    (c_folder / "policy.c").write_text("int broken(")
    with pytest.raises(ToolchainError, match="error:"):
        build_library(c_folder, tmp_path / "out" / "policy.so")
    assert list((tmp_path / "out").iterdir()) == []


def test_the_docs_list_every_operator():
    page = (Path(__file__).parents[2] / "docs" / "firmware.md").read_text()
    listed = re.search(r"<!-- operators -->\n(.*?)<!-- end -->", page, re.S)[1]
    assert re.findall(r"`(\w+)`", listed) == supported_operators()
