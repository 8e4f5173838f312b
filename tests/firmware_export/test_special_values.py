"""NaN and infinity spread as in onnxruntime: from inputs, before the output clip, through the state and back out of it.

onnxruntime's own GRU and LSTM lose NaN in their gates, so recurrent layers are compared with torch.
"""

import itertools

import numpy as np
import pytest
import torch
from onnx import helper

from tests.firmware_export.exports import OBSERVATION, Gru
from tests.firmware_export.models import export_torch, make_model, run_onnx
from tests.firmware_export.test_layers import Recurrent

POISONS = [np.nan, np.inf, -np.inf]
STEPS = 4


def kinds(values):
    return np.select([np.isnan(values), np.isposinf(values), np.isneginf(values)], [1, 2, 3])


def assert_alike(actual, expected):
    np.testing.assert_array_equal(kinds(np.asarray(actual)), kinds(np.asarray(expected)))
    finite = np.isfinite(expected)
    np.testing.assert_allclose(np.asarray(actual)[finite], np.asarray(expected)[finite], rtol=1e-5, atol=2e-6)


@pytest.mark.parametrize("poison", POISONS)
@pytest.mark.parametrize("place", range(24))
def test_a_poisoned_state_spreads_and_a_reset_clears_it(memory_model, memory_policy, place, poison):
    rng = np.random.default_rng(place)
    ours = np.full((1, 24), 0.2, np.float32)
    ours[0, place] = poison
    theirs = ours
    for step in range(STEPS):
        observation, reset = rng.normal(size=(1, 22)).astype(np.float32), np.full((1, 1), step == 2, np.float32)
        action, ours = memory_policy.step(observation, ours, reset[:, 0])
        feeds = {"observation": observation, "state_in": theirs, "reset": reset}
        expected, theirs = run_onnx(memory_model, feeds)
        assert_alike(action, expected)
        assert_alike(ours, theirs)
        if step < 2 and np.isnan(poison):
            assert np.isnan(ours).any()
        if step >= 2:
            assert np.isfinite(ours).all()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 0.4999, 0.5001])
def test_a_reset_that_is_no_flag(memory_model, memory_policy, value):
    """A comparison with NaN is false: no reset."""
    observation, state = np.full((1, 22), 0.1, np.float32), np.full((1, 24), 0.2, np.float32)
    actual = memory_policy.step(observation, state, np.array([value]))
    feeds = {"observation": observation, "state_in": state, "reset": np.full((1, 1), value, np.float32)}
    for ours, theirs in zip(actual, run_onnx(memory_model, feeds)):
        assert_alike(ours, theirs)


def before_the_clip(operator):
    """Observation -> operator -> gain -> clip to a motor's range: what a bundle's graph ends with."""
    constants = {
        "gain": np.array([0.5, -2.0, 1e30], np.float32),
        "low": np.float32(0.0),
        "high": np.float32(1.0),
    }
    nodes = [
        helper.make_node(operator, ["observation"], ["y"], name="function"),
        helper.make_node("Mul", ["y", "gain"], ["z"], name="gain"),
        helper.make_node("Clip", ["z", "low", "high"], ["action"], name="limits"),
    ]
    return make_model(nodes, {"observation": 3}, constants)


ACTIVATIONS = ("Identity", "Tanh", "Sigmoid", "Relu", "Elu", "Softplus", "Exp", "Sqrt", "Abs", "Reciprocal", "Softmax")


@pytest.mark.parametrize("operator", ACTIVATIONS)
def test_before_the_output_clip(operator, compile_policy):
    """NaN is no number between the limits, and stays NaN; infinity is beyond them, and becomes a limit."""
    model = before_the_clip(operator)
    policy = compile_policy(model)
    values = [*POISONS, 0.0, -0.0, 3e38, -3e38, 0.7]
    rows = np.array(list(itertools.product(values, repeat=3)), np.float32)
    if operator == "Softmax":
        rows = rows[~np.isnan(rows).any(axis=1) & (np.abs(rows) < 1e38).any(axis=1)]
    (expected,) = run_onnx(model, {"observation": rows})
    action, _ = policy.step(rows, np.zeros((len(rows), 0)), np.zeros(len(rows)))
    assert_alike(action, expected)
    assert operator in ("Relu", "Softmax") or np.isnan(action).any()
    numbers = action[~np.isnan(action)]
    assert ((numbers >= 0.0) & (numbers <= 1.0)).all()


def test_the_sign_of_zeros_and_of_no_number(compile_policy):
    """A division shows which zero it is."""
    observation = np.array([[0.0, -0.0, 2.0, -3.0, np.nan, np.inf, -np.inf]], np.float32)
    nodes = [helper.make_node("Sign", ["observation"], ["sign"]), helper.make_node("Div", ["one", "sign"], ["action"])]
    model = make_model(nodes, {"observation": 7}, {"one": np.ones(1, np.float32)})
    action, _ = compile_policy(model).step(observation, np.zeros((1, 0), np.float32), np.zeros(1))
    np.testing.assert_array_equal(action, run_onnx(model, {"observation": observation})[0])


def test_sums_that_overflow(compile_policy):
    """Large numbers become infinity in a dense layer, and what follows sees infinity.

    All terms of a sum have one sign: whether two that overflow apart cancel depends on their order.
    """
    weight = np.array([[3.0, -3.0, 0.1], [3.0, -3.0, 0.1]], np.float32)
    nodes = [
        helper.make_node("MatMul", ["observation", "w"], ["y"], name="dense"),
        helper.make_node("Tanh", ["y"], ["z"], name="tanh"),
        helper.make_node("Concat", ["y", "z"], ["action"], name="both", axis=1),
    ]
    model = make_model(nodes, {"observation": 2}, {"w": weight})
    rows = np.array([[3e38, 3e38], [-3e38, -3e38], [2e38, 0.0], [1e37, 1.0]], np.float32)
    action, _ = compile_policy(model).step(rows, np.zeros((4, 0)), np.zeros(4))
    assert_alike(action, run_onnx(model, {"observation": rows})[0])
    assert np.isinf(action).any()


def test_weights_that_are_no_numbers(compile_policy):
    """A diverged training run: its NaN reach the action."""
    weight = np.eye(4, dtype=np.float32)
    weight[1, 2], weight[3, 3] = np.nan, np.inf
    bias = np.array([0.0, -np.inf, 0.0, 1.0], np.float32)
    nodes = [helper.make_node("Gemm", ["observation", "w", "b"], ["action"], name="dense")]
    model = make_model(nodes, {"observation": 4}, {"w": weight, "b": bias})
    rows = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
    action, _ = compile_policy(model).step(rows, np.zeros((3, 0)), np.zeros(3))
    assert_alike(action, run_onnx(model, {"observation": rows})[0])
    np.testing.assert_array_equal(kinds(action[:, 1:3]), [[3, 1]] * 3)


CELLS = {
    "gru cell": (Gru, 12),
    "gru": (lambda: Recurrent("GRU", 6), 6),
    "lstm": (lambda: Recurrent("LSTM", 5), 10),
}


@pytest.mark.parametrize("name", CELLS)
def test_recurrent_layers_spread_as_in_torch(name, compile_policy):
    """Every input and every state element, each poison, over the steps that follow."""
    make, size = CELLS[name]
    torch.manual_seed(5)
    module = make().eval()
    names = {"observation": OBSERVATION, "state_in": size}
    policy = compile_policy(export_torch(module, names, ("action", "state_out")))
    cases = list(itertools.product(range(OBSERVATION + size), POISONS))
    rng = np.random.default_rng(1)
    numbers = rng.normal(0.0, 0.5, (len(cases), OBSERVATION + size)).astype(np.float32)
    for row, (place, poison) in enumerate(cases):
        numbers[row, place] = poison
    observation, ours = numbers[:, :OBSERVATION], numbers[:, OBSERVATION:].copy()
    theirs = torch.from_numpy(ours.copy())
    for _ in range(STEPS):
        action, ours = policy.step(observation, ours, np.zeros(len(cases)))
        with torch.no_grad():
            expected, theirs = module(torch.from_numpy(observation), theirs)
        assert_alike(action, expected.numpy())
        assert_alike(ours, theirs.numpy())
        observation = rng.normal(0.0, 0.5, observation.shape).astype(np.float32)
    nan_rows = [row for row, (_, poison) in enumerate(cases) if np.isnan(poison)]
    assert np.isnan(ours[nan_rows]).any(axis=1).all(), "a NaN is remembered"
