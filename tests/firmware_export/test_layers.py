"""Generated C against onnxruntime for layers: convolution, pooling, padding, recurrence, normalization."""

import io
import re
import warnings

import numpy as np
import pytest
import torch
from onnx import helper

from firmware_export.build import build_target
from firmware_export.hil.policy import Stm32Policy
from firmware_export.onnx_to_c import Excerpt, generate
from firmware_export.onnx_to_c.ir import UnsupportedModelError
from firmware_export.targets import load_target
from tests.firmware_export.models import export_torch, make_model, run_onnx, write_c
from tests.firmware_export.test_operators import compare, i64, node


def images(channels, height, width):
    size = channels * height * width
    return node("Reshape", ["observation", "image"], "x"), {"image": i64(-1, channels, height, width)}, size


def check(compile_policy, nodes, constants, size, special=False, opset=17):
    model = make_model(nodes, {"observation": size}, constants, opset=opset)
    policy = compile_policy(model)
    observation = np.random.default_rng(0).normal(size=(4, size)).astype(np.float32)
    compare(policy, model, observation)
    if special:
        observation[np.random.default_rng(1).random(observation.shape) < 0.02] = np.nan
        compare(policy, model, observation)


CONVOLUTIONS = {
    "plain": {"kernel": (3, 3)},
    "border": {"kernel": (3, 3), "pads": [1, 1, 1, 1]},
    "uneven border": {"kernel": (3, 2), "pads": [0, 1, 2, 0]},
    "stride": {"kernel": (3, 3), "strides": [2, 3], "pads": [1, 1, 1, 1]},
    "one pixel": {"kernel": (1, 1)},
    "as large as the image": {"kernel": (7, 6)},
    "as wide as the image": {"kernel": (2, 6)},
    "dilation": {"kernel": (2, 2), "dilations": [2, 3]},
    "dilated rows": {"kernel": (3, 2), "dilations": [2, 1]},
    "same upper": {"kernel": (3, 2), "auto_pad": "SAME_UPPER", "strides": [2, 2]},
    "same lower": {"kernel": (2, 2), "auto_pad": "SAME_LOWER"},
    "groups": {"kernel": (3, 3), "group": 2},
    "each channel by itself": {"kernel": (3, 3), "group": 4, "pads": [1, 1, 1, 1]},
}


@pytest.mark.parametrize("outputs", [4, 16, 20])
@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_convolution(name, outputs, compile_policy):
    attributes = dict(CONVOLUTIONS[name])
    kernel, group = attributes.pop("kernel"), attributes.get("group", 1)
    reshape, constants, size = images(4, 7, 6)
    rng = np.random.default_rng(2)
    constants["w"] = rng.normal(0, 0.3, (outputs, 4 // group, *kernel)).astype(np.float32)
    constants["b"] = rng.normal(size=outputs).astype(np.float32)
    nodes = [reshape, node("Conv", ["x", "w", "b"], "y", **attributes), node("Flatten", ["y"])]
    check(compile_policy, nodes, constants, size, special=True)


def test_convolution_of_a_signal_without_bias(compile_policy):
    constants = {"image": i64(-1, 3, 20), "w": np.random.default_rng(0).normal(size=(5, 3, 4)).astype(np.float32)}
    conv = node("Conv", ["x", "w"], "y", strides=[2], pads=[1, 2])
    nodes = [node("Reshape", ["observation", "image"], "x"), conv, node("Relu", ["y"], "z"), node("Flatten", ["z"])]
    check(compile_policy, nodes, constants, 60)


def test_a_stack_of_convolutions_copies_no_image_between(compile_policy):
    """Channels stay together from layer to layer: the second convolution reads what the activation left."""
    reshape, constants, size = images(3, 8, 8)
    rng = np.random.default_rng(0)
    for i, (inputs, outputs) in enumerate(((3, 16), (16, 8))):
        constants[f"w{i}"] = rng.normal(0, 0.2, (outputs, inputs, 3, 3)).astype(np.float32)
    nodes = [
        reshape,
        node("Conv", ["x", "w0"], "y"),
        node("Elu", ["y"], "z"),
        node("Conv", ["z", "w1"], "u"),
        node("Relu", ["u"], "v"),
        node("Flatten", ["v"]),
    ]
    check(compile_policy, nodes, constants, size)
    source = generate(make_model(nodes, {"observation": size}, constants)).files["policy.c"]
    assert source.count("window_16(weight") == 1
    assert source.count(" = observation[") == 1
    assert "for (size_t i = 0U; i < 576U; ++i)" in source, "the activation runs over memory in order"


POOLS = {
    "plain": {"kernel_shape": [2, 2], "strides": [2, 2]},
    "overlapping": {"kernel_shape": [3, 2]},
    "border": {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "strides": [2, 2]},
    "partly outside": {"kernel_shape": [3, 3], "strides": [2, 2], "ceil_mode": 1},
    "border partly outside": {"kernel_shape": [3, 3], "strides": [3, 2], "ceil_mode": 1, "pads": [1, 1, 1, 1]},
}


@pytest.mark.parametrize("name", POOLS)
def test_pooling(name, compile_policy):
    reshape, constants, size = images(5, 7, 6)
    largest = [reshape, node("MaxPool", ["x"], "y", **POOLS[name]), node("Flatten", ["y"])]
    check(compile_policy, largest, constants, size)
    for border in (0, 1):
        mean = node("AveragePool", ["x"], "y", count_include_pad=border, **POOLS[name])
        check(compile_policy, [reshape, mean, node("Flatten", ["y"])], constants, size, opset=19)


def test_pooling_with_gaps(compile_policy):
    reshape, constants, size = images(2, 7, 6)
    pool = node("MaxPool", ["x"], "y", kernel_shape=[2, 2], dilations=[3, 2])
    check(compile_policy, [reshape, pool, node("Flatten", ["y"])], constants, size)


@pytest.mark.parametrize("op", ["GlobalAveragePool", "GlobalMaxPool"])
def test_global_pooling(op, compile_policy):
    reshape, constants, size = images(5, 7, 6)
    check(compile_policy, [reshape, node(op, ["x"], "y"), node("Flatten", ["y"])], constants, size)


@pytest.mark.parametrize("mode", ["constant", "reflect", "edge"])
def test_padding(mode, compile_policy):
    reshape, constants, size = images(2, 4, 5)
    constants |= {"pads": i64(0, 0, 1, 2, 0, 0, 3, 1), "value": np.float32(0.7)}
    inputs = ["x", "pads", "value"] if mode == "constant" else ["x", "pads"]
    check(compile_policy, [reshape, node("Pad", inputs, "y", mode=mode), node("Flatten", ["y"])], constants, size)


def test_padding_may_cut(compile_policy):
    constants = {"pads": i64(0, -2, 0, 3)}
    check(compile_policy, [node("Pad", ["observation", "pads"])], constants, 8, special=True)


@pytest.mark.parametrize("axis", [1, 2, 3])
@pytest.mark.parametrize("op", ["Softmax", "LogSoftmax"])
def test_softmax(op, axis, compile_policy):
    reshape, constants, size = images(3, 4, 5)
    check(compile_policy, [reshape, node(op, ["x"], "y", axis=axis), node("Flatten", ["y"])], constants, size)


def test_softmax_of_large_numbers(compile_policy):
    model = make_model([node("Softmax", ["observation"])], {"observation": 4})
    policy = compile_policy(model)
    large = np.array([[1e4, 9e3, 0, -1e4], [3e38, 3e38, 0, 0], [-np.inf, 0, 1, 2]], np.float32)
    compare(policy, model, large)


def test_normalizations(compile_policy):
    reshape, constants, size = images(3, 4, 5)
    rng = np.random.default_rng(0)
    constants |= {name: (rng.random(3) + 0.5).astype(np.float32) for name in ("s", "b", "m", "v")}
    constants |= {name: rng.normal(size=(4, 5)).astype(np.float32) for name in ("ls", "lb")}
    flat = node("Flatten", ["y"])
    batch = node("BatchNormalization", ["x", "s", "b", "m", "v"], "y", epsilon=1e-3)
    layer = node("LayerNormalization", ["x", "ls", "lb"], "y", axis=2)
    bare = node("LayerNormalization", ["x", "ls"], "y", axis=-2)
    instance = node("InstanceNormalization", ["x", "s", "b"], "y")
    for norm in (batch, layer, bare, instance):
        check(compile_policy, [reshape, norm, flat], constants, size)


@pytest.mark.parametrize("approximate", ["none", "tanh"])
def test_gelu_as_one_operator(approximate, compile_policy):
    check(compile_policy, [node("Gelu", ["observation"], approximate=approximate)], {}, 9, opset=20)


def test_one_layer_on_many_rows_stores_its_weights_once(compile_policy):
    """As a network applies it to every taxel or every leg."""
    constants = {"rows": i64(-1, 6, 7), "w": np.random.default_rng(0).normal(size=(7, 18)).astype(np.float32)}
    nodes = [node("Reshape", ["observation", "rows"], "x"), node("MatMul", ["x", "w"], "y"), node("Flatten", ["y"])]
    check(compile_policy, nodes, constants, 42)
    model = make_model(nodes, {"observation": 42}, constants)
    stored = re.findall(r"float weight_\d+\[(\d+)\]", generate(model).files["policy.c"])
    assert sum(map(int, stored)) == 7 * 18 + 18, "weights and biases"


@pytest.mark.parametrize("bias_shape", [(18,), (1, 6, 18), (6, 1), ()])
def test_a_bias_after_one_layer_on_many_rows(compile_policy, bias_shape):
    """As attention has it: for every row the same, then it is the layer's own; or for each another."""
    rng = np.random.default_rng(0)
    constants = {
        "rows": i64(-1, 6, 7),
        "w": rng.normal(size=(7, 18)).astype(np.float32),
        "b": rng.normal(size=bias_shape).astype(np.float32),
    }
    nodes = [node("Reshape", ["observation", "rows"], "x"), node("MatMul", ["x", "w"], "y")]
    nodes += [node("Add", ["y", "b"], "z"), node("Flatten", ["z"])]
    check(compile_policy, nodes, constants, 42)


def test_attention_of_torch(compile_policy):
    """A transformer's encoder layer on four tokens."""
    torch.manual_seed(0)
    layer = torch.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, activation="gelu").eval()
    tokens = torch.nn.Sequential(torch.nn.Unflatten(1, (4, 8)), layer, torch.nn.Flatten(), torch.nn.Linear(32, 3))
    tokens.eval()
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(tokens, (torch.zeros(1, 32),), buffer, dynamo=False, opset_version=17)
    policy = compile_policy(buffer.getvalue())
    observation = np.random.default_rng(0).normal(size=(5, 32)).astype(np.float32)
    action, _ = policy.step(observation, np.zeros((5, 0)), np.zeros(5))
    with torch.no_grad():
        np.testing.assert_allclose(action, tokens(torch.from_numpy(observation)).numpy(), atol=3e-6)


class Recurrent(torch.nn.Module):
    """A recurrent cell and a head; the state is what the cell remembers."""

    def __init__(self, cell, size):
        super().__init__()
        torch.manual_seed(1)
        self.cell = getattr(torch.nn, cell)(9, size)
        self.head = torch.nn.Linear(size, 3)

    def forward(self, observation, state_in):
        states = tuple(state_in[None].chunk(2, dim=2)) if isinstance(self.cell, torch.nn.LSTM) else state_in[None]
        out, after = self.cell(observation[None], states)
        memory = torch.cat([part[0] for part in after], dim=1) if isinstance(after, tuple) else after[0]
        return self.head(out[0]), memory


@pytest.mark.parametrize(("cell", "size", "state"), [("LSTM", 16, 32), ("LSTM", 5, 10), ("GRU", 16, 16), ("RNN", 4, 4)])
def test_recurrent_layers_of_torch_over_a_hundred_steps(cell, size, state, compile_policy):
    module = Recurrent(cell, size)
    model = export_torch(module, {"observation": 9, "state_in": state}, ("action", "state_out"))
    if cell == "RNN":
        with pytest.raises(UnsupportedModelError, match="operator 'RNN' is not supported"):
            generate(model)
        return
    policy = compile_policy(model)
    rng = np.random.default_rng(0)
    memory, expected = np.zeros((2, state), np.float32), torch.zeros(2, state)
    for _ in range(100):
        observation = rng.normal(size=(2, 9)).astype(np.float32)
        action, memory = policy.step(observation, memory, np.zeros(2))
        with torch.no_grad():
            right, expected = module(torch.from_numpy(observation), expected)
        np.testing.assert_allclose(action, right.numpy(), atol=3e-6)
    np.testing.assert_allclose(memory, expected.numpy(), atol=3e-6)


class Tactile(torch.nn.Module):
    """What reads a tactile force field: convolutions, spatial soft-argmax, recurrence, layer normalization."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(2)
        nn = torch.nn
        self.image = nn.Sequential(
            nn.Conv2d(3, 16, 3, padding=1), nn.SiLU(), nn.MaxPool2d(2), nn.Conv2d(16, 20, 3), nn.GELU()
        )
        self.norm = nn.LayerNorm(40)
        self.cell = nn.GRUCell(40, 16)
        self.head = nn.Linear(16, 6)
        rows, columns = torch.meshgrid(torch.linspace(-1, 1, 5), torch.linspace(-1, 1, 3), indexing="ij")
        self.register_buffer("grid", torch.stack([rows.ravel(), columns.ravel()], dim=1))

    def forward(self, observation, state_in):
        features = self.image(observation.reshape(-1, 3, 14, 10))
        weights = torch.softmax(features.flatten(2), dim=2)
        where = torch.matmul(weights, self.grid).flatten(1)
        state = self.cell(self.norm(where), state_in)
        return torch.tanh(self.head(state)), state


def test_a_tactile_policy_over_fifty_steps(compile_policy):
    module = Tactile().eval()
    policy = compile_policy(export_torch(module, {"observation": 420, "state_in": 16}, ("action", "state_out")))
    rng = np.random.default_rng(0)
    memory, expected = np.zeros((1, 16), np.float32), torch.zeros(1, 16)
    for _ in range(50):
        observation = rng.normal(size=(1, 420)).astype(np.float32)
        action, memory = policy.step(observation, memory, np.zeros(1))
        with torch.no_grad():
            right, expected = module(torch.from_numpy(observation), expected)
        np.testing.assert_allclose(action, right.numpy(), atol=3e-6)


REFUSED = {
    "indices": ([helper.make_node("MaxPool", ["x"], ["y", "where"], name="pool", kernel_shape=[2, 2])], "indices"),
    "three axes": ([node("Conv", ["x", "w3"], "y")], "kernel with 3 axes"),
    "kernel too large": ([node("Conv", ["x", "w9"], "y")], "larger than the image"),
    "channels": ([node("Conv", ["x", "w9"], "y", group=2)], "do not fit"),
    "weights at run time": ([node("Conv", ["x", "x"], "y")], "constant weights"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_supported_is_named(name):
    nodes, message = REFUSED[name]
    reshape, constants, size = images(2, 4, 5)
    constants |= {"w3": np.zeros((1, 2, 1, 1, 1), np.float32), "w9": np.zeros((1, 2, 9, 9), np.float32)}
    model = make_model([reshape, *nodes, node("Flatten", ["y"])], {"observation": size}, constants)
    with pytest.raises(UnsupportedModelError, match=message):
        generate(model)


@pytest.mark.toolchain
def test_the_kernels_of_the_microcontroller_compute_the_same(tmp_path):
    """The self-test runs on the emulated STM32F405, whose dense and window kernels are written in assembly."""
    module = Tactile().eval()
    with torch.no_grad():
        module.image[0] = torch.nn.Conv2d(3, 32, 3, padding=1)
        module.image[3] = torch.nn.Conv2d(32, 20, 3)
    model = export_torch(module, {"observation": 420, "state_in": 16}, ("action", "state_out"))
    observation = np.random.default_rng(0).normal(size=(1, 420)).astype(np.float32)
    action, state = run_onnx(model, {"observation": observation, "state_in": np.zeros((1, 16), np.float32)})
    excerpt = Excerpt(observation, action, state[0], np.ones(6, np.float32), np.ones(16, np.float32))
    folder = write_c(tmp_path / "c", generate(model, excerpt=excerpt))
    with Stm32Policy(build_target(load_target("stm32f405"), folder, tmp_path).artifact) as policy:
        wrong, error = policy.board.self_test()
    assert wrong == 0
    assert error < 2e-6
