"""Graphs that this project did not export: plain torch, and rsl-rl's names and shapes."""

import io
import warnings

import numpy as np
import pytest
import torch
from onnx import helper

from firmware_export.onnx_to_c import generate
from firmware_export.onnx_to_c.ir import UnsupportedModelError
from tests.firmware_export.models import make_model, run_onnx


def export(module, examples, inputs, outputs, dynamo=False):
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module.eval(), examples, buffer, input_names=inputs, output_names=outputs, dynamo=dynamo, opset_version=18
        )
    return buffer.getvalue()


class RslLstm(torch.nn.Module):
    """As rsl-rl 5 exports a recurrent actor: ``obs, h_in, c_in -> actions, h_out, c_out``, batch in the second axis."""

    def __init__(self, layers=2):
        super().__init__()
        torch.manual_seed(0)
        self.register_buffer("mean", torch.randn(1, 7))
        self.rnn = torch.nn.LSTM(7, 8, layers)
        self.mlp = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.ELU(), torch.nn.Linear(16, 3))

    def forward(self, obs, h_in, c_in):
        x, (h, c) = self.rnn((obs - self.mean).unsqueeze(0), (h_in, c_in))
        return self.mlp(x.squeeze(0)), h, c


def test_a_recurrent_actor_of_rsl_rl_over_fifty_steps(compile_policy):
    module = RslLstm()
    states = torch.zeros(2, 1, 8), torch.zeros(2, 1, 8)
    model = export(module, (torch.zeros(1, 7), *states), ["obs", "h_in", "c_in"], ["actions", "h_out", "c_out"])
    policy = compile_policy(model)
    assert (policy.observation_size, policy.state_size, policy.action_size) == (7, 32, 3)
    rng, memory = np.random.default_rng(0), np.zeros((1, 32), np.float32)
    for _ in range(50):
        obs = rng.normal(size=(1, 7)).astype(np.float32)
        action, memory = policy.step(obs, memory, np.zeros(1))
        with torch.no_grad():
            expected, *states = module(torch.from_numpy(obs), *states)
        np.testing.assert_allclose(action, expected.numpy(), atol=3e-6)
        after = np.concatenate([state.numpy().ravel() for state in states])
        np.testing.assert_allclose(memory[0], after, atol=3e-6)
    assert "state[16] to [31]: c_in (2 x 1 x 8)" in generate(model).files["policy.h"]


class Camera(torch.nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.conv = torch.nn.Conv2d(3, 4, 3)
        self.head = torch.nn.Linear(4 + 5, 2)

    def forward(self, obs, camera):
        return self.head(torch.cat([obs, self.conv(camera).amax(dim=(2, 3))], dim=1))


def test_several_observations_are_one_array(compile_policy):
    """As rsl-rl exports an actor with images: numbers first, then (channel, height, width)."""
    module = Camera()
    model = export(module, (torch.zeros(1, 5), torch.zeros(1, 3, 6, 4)), ["obs", "camera"], ["actions"])
    rng = np.random.default_rng(0)
    obs, camera = rng.normal(size=(1, 5)).astype("f"), rng.normal(size=(1, 3, 6, 4)).astype("f")
    policy = compile_policy(model)
    action, _ = policy.step(np.concatenate([obs, camera.reshape(1, -1)], axis=1), np.zeros((1, 0)), np.zeros(1))
    np.testing.assert_allclose(action, run_onnx(model, {"obs": obs, "camera": camera})[0], atol=2e-6)
    header = generate(model).files["policy.h"]
    assert "observation[0] to [4]: obs (5)" in header
    assert "observation[5] to [76]: camera (3 x 6 x 4)" in header


def test_any_names_will_do_where_there_is_no_choice(compile_policy):
    model = export(torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.Tanh()), (torch.zeros(1, 3),), ["x"], ["y"])
    observation = np.random.default_rng(0).normal(size=(1, 3)).astype(np.float32)
    action, _ = compile_policy(model).step(observation, np.zeros((1, 0)), np.zeros(1))
    np.testing.assert_allclose(action, run_onnx(model, {"x": observation})[0], atol=1e-6)


def relu(names, outputs=("action",)):
    nodes = [helper.make_node("Relu", [name], [out]) for name, out in zip(names, outputs)]
    return make_model(nodes, dict.fromkeys(names, 3), outputs=outputs)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (relu(["h_in"]), "both 'h_in' and 'h_out'"),
        (relu(["h_in"], ["h_out"]), "no input that could be the observation"),
        (relu(["a", "b"], ["c", "d"]), "no output 'action'.*c, d"),
    ],
)
def test_what_cannot_be_told_apart_is_refused(model, message):
    with pytest.raises(UnsupportedModelError, match=message):
        generate(model)


@pytest.mark.parametrize("dims", [["a", "b"], [2, 3], [], [1, 0], [1, 1 << 40], [1, 3, "n"]])
def test_shapes_that_are_not_known_or_absurd_are_refused(dims):
    nodes = [helper.make_node("Relu", ["observation"], ["action"])]
    graph = helper.make_graph(
        nodes,
        "policy",
        [helper.make_tensor_value_info("observation", 1, dims)],
        [helper.make_tensor_value_info("action", 1, None)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    with pytest.raises(UnsupportedModelError, match="observation"):
        generate(model.SerializeToString())
