"""Real exports of torch networks and rsl-rl actors, as files on disk, by either of torch's exporters."""

from __future__ import annotations

import logging
import warnings
from dataclasses import dataclass
from pathlib import Path

import torch

from tests.firmware_export.test_signature import Camera, RslLstm

OBSERVATION = 9


class Gru(torch.nn.Module):
    """A gated recurrent unit whose memory is an input and an output."""

    def __init__(self):
        super().__init__()
        self.cell = torch.nn.GRUCell(OBSERVATION, 12)
        self.head = torch.nn.Linear(12, 3)

    def forward(self, obs, h_in):
        memory = self.cell(obs, h_in)
        return torch.tanh(self.head(memory)), memory


def mlp():
    layers = [torch.nn.Linear(OBSERVATION, 20), torch.nn.SiLU(), torch.nn.LayerNorm(20), torch.nn.Linear(20, 16)]
    return torch.nn.Sequential(
        *layers, torch.nn.GELU(), torch.nn.Linear(16, 3), torch.nn.Tanh(), torch.nn.Hardtanh(-0.5, 0.5)
    )


@dataclass(frozen=True)
class Example:
    """A module and what it is exported with."""

    module: type | object
    inputs: dict[str, tuple[int, ...]]
    outputs: tuple[str, ...]


EXAMPLES = {
    "mlp": Example(mlp, {"obs": (1, OBSERVATION)}, ("actions",)),
    "gru": Example(Gru, {"obs": (1, OBSERVATION), "h_in": (1, 12)}, ("actions", "h_out")),
    "lstm": Example(RslLstm, {"obs": (1, 7), "h_in": (2, 1, 8), "c_in": (2, 1, 8)}, ("actions", "h_out", "c_out")),
    "cnn": Example(Camera, {"obs": (1, 5), "camera": (1, 3, 6, 4)}, ("actions",)),
}


def export_example(name: str, path: Path, *, dynamo: bool, optimize: bool = True) -> Path:
    """Export one of ``EXAMPLES`` to ``path``; the dynamo exporter puts weights into a file beside it."""
    example = EXAMPLES[name]
    torch.manual_seed(0)
    arguments = tuple(torch.zeros(shape) for shape in example.inputs.values())
    names = list(example.inputs), list(example.outputs)
    return _export(example.module().eval(), arguments, path, *names, dynamo, optimize)


def export_rsl(path: Path, kind: str) -> Path:
    """Export an untrained ``mlp``, ``gru`` or ``lstm`` of rsl-rl as ``OnPolicyRunner.export_policy_to_onnx`` does."""
    from rsl_rl.models import MLPModel, RNNModel
    from tensordict import TensorDict

    torch.manual_seed(0)
    observation = TensorDict({"policy": torch.zeros(1, OBSERVATION)}, batch_size=[1])
    settings = {
        "obs": observation,
        "obs_groups": {"actor": ["policy"]},
        "obs_set": "actor",
        "output_dim": 4,
        "hidden_dims": [16],
        "obs_normalization": True,
        "distribution_cfg": {"class_name": "GaussianDistribution", "init_std": 1.0},
    }
    if kind == "mlp":
        actor = MLPModel(**settings)
    else:
        actor = RNNModel(**settings, rnn_type=kind, rnn_hidden_dim=12, rnn_num_layers=2)
    module = actor.as_onnx(verbose=False).eval()
    return _export(module, module.get_dummy_inputs(), path, module.input_names, module.output_names, True)


def _export(module, arguments, path, inputs, outputs, dynamo, optimize=True):
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module,
            arguments,
            path,
            input_names=inputs,
            output_names=outputs,
            dynamo=dynamo,
            opset_version=18,
            verbose=False,
            optimize=optimize,
        )
    return path
