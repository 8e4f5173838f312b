"""Generated C against onnxruntime, operator by operator, on random numbers and on NaN and infinity."""

import itertools

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from tests.firmware_export.models import make_model, run_onnx

SIZE = 12
SPECIAL = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-30, -1e30, 3e38, 88.9, -104.0, 9.011, 1.0], np.float32)


def node(op, inputs, output="action", **attributes):
    return helper.make_node(op, inputs, [output], name=f"{op} of {output}", **attributes)


def constant(*values):
    return np.array(values, np.float32)


def i64(*values):
    return np.array(values, np.int64)


HALF = constant(0.5)
ROW = np.linspace(-2.0, 2.0, SIZE, dtype=np.float32)

UNARY = [
    "Neg", "Sqrt", "Abs", "Exp", "Log", "Sin", "Cos", "Atan", "Floor", "Ceil", "Reciprocal", "Relu", "Sigmoid", "Tanh",
    "Softplus", "Sign", "Elu", "LeakyRelu", "Identity", "Erf", "Selu", "Celu", "ThresholdedRelu", "HardSigmoid",
    "HardSwish", "Softsign",
]  # fmt: skip
BINARY = ["Add", "Sub", "Mul", "Div", "Max", "Min"]
COMPARE = ["Less", "LessOrEqual", "Greater", "GreaterOrEqual", "Equal"]


def cases():
    """Name -> (nodes, constants)."""
    for op in UNARY:
        yield op, [node(op, ["observation"])], {}
    for op in BINARY:
        yield f"{op} row", [node(op, ["observation", "c"])], {"c": ROW}
        yield f"{op} scalar", [node(op, ["c", "observation"])], {"c": HALF}
        swap = node("Slice", ["observation", "s", "e", "a", "t"], "swapped")
        reverse = {"s": i64(-1), "e": i64(-(SIZE + 1)), "a": i64(1), "t": i64(-1)}
        yield f"{op} run-time", [swap, node(op, ["observation", "swapped"])], reverse
    for op in COMPARE:
        yield op, [node(op, ["observation", "c"], "b"), node("Cast", ["b"], to=TensorProto.FLOAT)], {"c": ROW}
    compare = node("Greater", ["observation", "c"], "b")
    yield "Where", [compare, node("Where", ["b", "observation", "r"])], {"c": HALF, "r": ROW}
    yield "Not", [compare, node("Not", ["b"], "n"), node("Where", ["n", "observation", "r"])], {"c": HALF, "r": ROW}
    less = node("Less", ["observation", "r"], "l")
    for op in ("And", "Or", "Xor"):
        yield op, [compare, less, node(op, ["b", "l"], "x"), node("Cast", ["x"], to=1)], {"c": HALF, "r": ROW}
    yield "CastLike float", [compare, node("CastLike", ["b", "observation"])], {"c": HALF}
    like_bool = [compare, node("CastLike", ["observation", "b"], "d"), node("Where", ["d", "r", "c"])]
    yield "CastLike bool", like_bool, {"r": ROW, "c": HALF}
    constant_like = [node("CastLike", ["i", "observation"], "f"), node("Mul", ["observation", "f"])]
    yield "CastLike of a constant", constant_like, {"i": i64(3)}
    to_bool = node("Cast", ["observation"], "b", to=TensorProto.BOOL)
    yield "Cast bool", [to_bool, node("Where", ["b", "r", "c"])], {"r": ROW, "c": HALF}
    yield "Clip", [node("Clip", ["observation", "lo", "hi"])], {"lo": np.float32(-1.0), "hi": np.float32(1.5)}
    yield "Clip low", [node("Clip", ["observation", "lo"])], {"lo": np.float32(-1.0)}
    yield "Clip high", [node("Clip", ["observation", "", "hi"])], {"hi": np.float32(0.5)}
    yield "Pow 2", [node("Pow", ["observation", "c"])], {"c": constant(2.0)}
    yield "Pow 3", [node("Pow", ["observation", "c"])], {"c": constant(3.0)}
    matrix = node("Reshape", ["observation", "shape"], "m")
    shape = {"shape": i64(-1, 3, 4)}
    flat = node("Flatten", ["x"])
    yield "Transpose", [matrix, node("Transpose", ["m"], "x", perm=[0, 2, 1]), flat], shape
    yield "Unsqueeze", [node("Unsqueeze", ["observation", "a"], "u"), node("Squeeze", ["u", "a"])], {"a": i64(1)}
    gather = node("Gather", ["observation", "i"], axis=1)
    yield "Gather", [gather], {"i": i64(3, 3, 0, 11, 7)}
    split = helper.make_node("Split", ["observation", "n"], ["x", "y"], axis=1, name="the Split")
    yield "Split", [split, node("Concat", ["y", "x", "y"], axis=1)], {"n": i64(4, 8)}
    yield (
        "Slice step",
        [node("Slice", ["observation", "s", "e", "a", "t"])],
        {"s": i64(1), "e": i64(12), "a": i64(1), "t": i64(3)},
    )
    tile = node("Tile", ["observation", "n"])
    yield "Tile", [tile], {"n": i64(1, 2)}
    broadcast = [matrix, node("Mul", ["m", "column"], "x"), flat]
    yield "broadcast column", broadcast, {**shape, "column": constant(1, -2, 3).reshape(3, 1)}
    inner = [matrix, node("ReduceMax", ["m"], "top", axes=[2], keepdims=1), node("Sub", ["m", "top"], "x"), flat]
    yield "broadcast run-time", inner, shape
    for op in ("ReduceMean", "ReduceL2", "ReduceMax", "ReduceMin"):
        yield op, [matrix, node(op, ["m"], axes=[2], keepdims=0)], shape
        yield f"{op} middle", [matrix, node(op, ["m"], axes=[1], keepdims=0)], shape
    yield "ReduceSum", [matrix, node("ReduceSum", ["m", "a"], keepdims=0)], {**shape, "a": i64(1)}
    rng = np.random.default_rng(5)
    for outputs in (1, 4, 16, 21):
        weight, bias = rng.normal(size=(SIZE, outputs)).astype("f"), rng.normal(size=outputs).astype("f")
        yield (
            f"MatMul Add {outputs}",
            [node("MatMul", ["observation", "w"], "y"), node("Add", ["y", "b"])],
            {"w": weight, "b": bias},
        )
        gemm = node("Gemm", ["observation", "w", "b"], transB=1, alpha=0.5, beta=2.0)
        yield f"Gemm {outputs}", [gemm], {"w": weight.T.copy(), "b": bias}
    left = node("Slice", ["m", "s", "e", "a"], "three")
    turn = [
        matrix,
        left,
        node("Transpose", ["three"], "turned", perm=[0, 2, 1]),
        node("MatMul", ["three", "turned"], "x"),
    ]
    yield "MatMul run-time", [*turn, flat], {**shape, "s": i64(0), "e": i64(3), "a": i64(2)}


CASES = {name: (nodes, constants) for name, nodes, constants in cases()}


def compare(policy, model, observation):
    expected = run_onnx(model, {"observation": observation})[0]
    rows = len(observation)
    actual, _ = policy.step(observation, np.zeros((rows, 0)), np.zeros(rows))
    assert actual.shape == expected.shape
    np.testing.assert_array_equal(np.isnan(actual), np.isnan(expected))
    np.testing.assert_array_equal(np.isposinf(actual), np.isposinf(expected))
    np.testing.assert_array_equal(np.isneginf(actual), np.isneginf(expected))
    finite = np.isfinite(expected)
    np.testing.assert_allclose(actual[finite], expected[finite], rtol=2e-6, atol=1e-6)


@pytest.mark.parametrize("name", CASES)
def test_operator_equals_onnxruntime(name, compile_policy):
    nodes, constants = CASES[name]
    model = make_model(nodes, {"observation": SIZE}, constants)
    policy = compile_policy(model)
    observation = np.random.default_rng(0).normal(0.0, 2.0, (64, SIZE)).astype(np.float32)
    compare(policy, model, observation)
    special = np.random.default_rng(1).choice(SPECIAL, (64, SIZE)).astype(np.float32)
    # Sums of 1e38 overflow in another order, and onnxruntime's ReduceMax keeps or drops NaN by its position.
    if not name.startswith(("Gemm", "MatMul", "Reduce", "broadcast run-time")):
        compare(policy, model, special)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_random_networks_equal_onnxruntime(data, compile_policy):
    """Any depth, any widths, any activation: the dense kernel's blocks and tails, and the planner's reuse."""
    sizes = data.draw(st.lists(st.integers(1, 40), min_size=2, max_size=5))
    rng = np.random.default_rng(data.draw(st.integers(0, 1000)))
    nodes, constants, name = [], {}, "observation"
    for i, (inputs, outputs) in enumerate(itertools.pairwise(sizes)):
        constants[f"w{i}"] = rng.normal(0, inputs**-0.5, (inputs, outputs)).astype(np.float32)
        constants[f"b{i}"] = rng.normal(size=outputs).astype(np.float32)
        nodes.append(node("Gemm", [name, f"w{i}", f"b{i}"], f"y{i}"))
        activation = data.draw(st.sampled_from(["Tanh", "Relu", "Elu", "Sigmoid"]))
        name = "action" if i == len(sizes) - 2 else f"x{i}"
        nodes.append(node(activation, [f"y{i}"], name))
    model = make_model(nodes, {"observation": sizes[0]}, constants)
    observation = rng.normal(size=(16, sizes[0])).astype(np.float32)
    compare(compile_policy(model), model, observation)


def test_tanh_is_odd_exact_at_the_ends_and_close_everywhere(compile_policy):
    policy = compile_policy(make_model([node("Tanh", ["observation"])], {"observation": 1}))
    x = np.concatenate([np.linspace(0, 12, 200001), np.logspace(-38, 38, 20001)]).astype(np.float32)[:, None]
    nothing = np.zeros((len(x), 0)), np.zeros(len(x))
    y, _ = policy.step(x, *nothing)
    minus, _ = policy.step(-x, *nothing)
    np.testing.assert_array_equal(minus, -y)
    assert np.abs(y - np.tanh(x.astype(np.float64))).max() < 4e-7
    assert np.all(y[x >= 9.02] == 1.0)
    assert np.all(np.abs(y) <= 1.0)


def test_gathering_elements_of_a_long_axis(compile_policy):
    """onnx's reference implementation fails for more than 32."""
    index = np.arange(20)[None] * 7 % 40
    model = make_model([node("GatherElements", ["observation", "i"], axis=1)], {"observation": 40}, {"i": index})
    compare(compile_policy(model), model, np.random.default_rng(0).normal(size=(1, 40)).astype(np.float32))
