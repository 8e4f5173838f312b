"""The assembly of dense layers and convolutions on the emulated STM32F405: every remainder of its loops."""

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from firmware_export.build import build_target
from firmware_export.hil.policy import Stm32Policy
from firmware_export.onnx_to_c import Excerpt, generate
from firmware_export.targets import load_target
from tests.firmware_export.models import run_onnx, write_c

pytestmark = pytest.mark.toolchain
INPUTS = (1, 2, 3, 4, 5, 7, 8, 9)
OUTPUTS = (1, 2, 3, 6, 11, 12, 13, 15, 16, 17, 35)
CHANNELS = (1, 2, 3, 4)
FILTERS = (1, 3, 16, 18)


def make(nodes, inputs, constants, actions):
    """A policy whose action is all results one after the other."""
    nodes.append(helper.make_node("Concat", actions, ["action"], axis=1))
    observed = [helper.make_tensor_value_info(*inputs)]
    action = [helper.make_tensor_value_info("action", TensorProto.FLOAT, None)]
    tensors = [numpy_helper.from_array(value.astype(np.float32), name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "policy", observed, action, tensors)
    opset = [helper.make_opsetid("", 17)]
    return helper.make_model(graph, opset_imports=opset, ir_version=8).SerializeToString()


def dense_layers():
    """All sizes of dense layers, each on all of its own inputs."""
    rng = np.random.default_rng(0)
    nodes, constants, actions = [], {}, []
    pieces = [f"x{inputs}" for inputs in INPUTS]
    sizes = numpy_helper.from_array(np.array(INPUTS, np.int64), "sizes")
    nodes.append(helper.make_node("Constant", [], ["sizes"], value=sizes))
    nodes.append(helper.make_node("Split", ["observation", "sizes"], pieces, axis=1))
    for inputs, piece in zip(INPUTS, pieces):
        for outputs in OUTPUTS:
            name = f"{inputs}_{outputs}"
            constants[f"w{name}"] = rng.normal(size=(inputs, outputs))
            constants[f"b{name}"] = rng.normal(size=outputs)
            nodes.append(helper.make_node("Gemm", [piece, f"w{name}", f"b{name}"], [f"y{name}"], name=f"g{name}"))
            actions.append(f"y{name}")
    return make(nodes, ("observation", TensorProto.FLOAT, [1, sum(INPUTS)]), constants, actions)


def convolutions():
    """All sizes of convolutions over a small image of four channels."""
    rng = np.random.default_rng(1)
    nodes, constants, actions = [], {}, []
    pieces = [f"x{channels}" for channels in CHANNELS]
    sizes = numpy_helper.from_array(np.array(CHANNELS, np.int64), "sizes")
    nodes.append(helper.make_node("Constant", [], ["sizes"], value=sizes))
    nodes.append(helper.make_node("Split", ["observation", "sizes"], pieces, axis=1))
    for channels, piece in zip(CHANNELS, pieces):
        for filters in FILTERS:
            name = f"{channels}_{filters}"
            constants[f"w{name}"] = rng.normal(size=(filters, channels, 3, 3))
            constants[f"b{name}"] = rng.normal(size=filters)
            attributes = {"kernel_shape": [3, 3], "pads": [0, 1, 0, 1], "strides": [1, 2]}
            operands = [piece, f"w{name}", f"b{name}"]
            nodes.append(helper.make_node("Conv", operands, [f"c{name}"], name=f"c{name}", **attributes))
            nodes.append(helper.make_node("Flatten", [f"c{name}"], [f"y{name}"], name=f"f{name}"))
            actions.append(f"y{name}")
    return make(nodes, ("observation", TensorProto.FLOAT, [1, sum(CHANNELS), 4, 5]), constants, actions)


@pytest.mark.parametrize(
    ("model", "shape"), [(dense_layers(), (39,)), (convolutions(), (10, 4, 5))], ids=["dense", "conv"]
)
def test_every_remainder_of_the_loops_is_right(model, shape, tmp_path):
    x = np.random.default_rng(2).normal(size=(3, *shape)).astype(np.float32)
    x[2].flat[:: x[2].size // 3] = np.nan  # comes out where it went in, and nowhere else
    expected = np.concatenate([run_onnx(model, {"observation": row[None]})[0] for row in x])
    count = expected.shape[1]
    flat = x.reshape(3, -1)
    excerpt = Excerpt(flat[:1], expected[:1], np.zeros(0), np.full(count, 10.0), np.zeros(0))
    write_c(tmp_path, generate(model, excerpt=excerpt))
    with Stm32Policy(build_target(load_target("stm32f405"), tmp_path, tmp_path).artifact) as policy:
        action, _ = policy.step(flat, np.zeros((3, 0), np.float32), np.zeros(3))
    np.testing.assert_array_equal(np.isnan(action), np.isnan(expected))
    assert np.isnan(action[2]).any()
    assert np.isfinite(action[2]).any()
    np.testing.assert_allclose(action, expected, atol=1e-5)
