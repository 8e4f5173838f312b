"""Small ONNX policies, built by hand or exported from torch, and onnxruntime to judge them by."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper

from firmware_export.policy_source import file_source


def make_model(nodes, inputs, constants=None, outputs=("action",), opset=17) -> bytes:
    """``nodes`` are NodeProtos; ``inputs`` maps a policy input to its size; the batch axis is dynamic."""
    graph = helper.make_graph(
        nodes,
        "policy",
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["batch", size]) for n, size in inputs.items()],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in (constants or {}).items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    return model.SerializeToString()


def run_onnx(model: bytes, feeds: dict[str, np.ndarray]) -> list[np.ndarray]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    names = {value.name for value in session.get_inputs()}
    return session.run(None, {name: value for name, value in feeds.items() if name in names})


def write_c(folder: Path, generated) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in generated.files.items():
        (folder / name).write_text(text)
    return folder


def write_whole_c(folder: Path, model: bytes) -> Path:
    """Write a model's C with its golden self-test, as ``sim2metal export FILE`` makes it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "policy.onnx").write_bytes(model)
    return write_c(folder / "c", file_source(folder / "policy.onnx").generate())


def export_torch(module: torch.nn.Module, inputs: dict[str, int], outputs: tuple[str, ...]) -> bytes:
    """Export with a dynamic batch axis, as a bundle's graph has."""
    buffer = io.BytesIO()
    examples = tuple(torch.zeros(2, size) for size in inputs.values())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module.eval(),
            examples,
            buffer,
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_axes={name: {0: "batch"} for name in (*inputs, *outputs)},
            dynamo=False,
            opset_version=17,
        )
    return buffer.getvalue()


class MemoryPolicy(torch.nn.Module):
    """Normaliser, gated recurrent unit, action history and squashing, with ``reset`` building the state."""

    observation_size, state_size, action_size = 22, 24, 4

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.register_buffer("mean", torch.randn(22) * 0.1)
        self.register_buffer("deviation", torch.rand(22) + 0.5)
        self.cell = torch.nn.GRUCell(22 + 8, 16)
        self.head = torch.nn.Sequential(torch.nn.Linear(16, 32), torch.nn.ELU(), torch.nn.Linear(32, 4))

    def forward(self, observation, state_in, reset):
        applied = observation[:, 18:22]
        first = torch.cat([torch.zeros_like(state_in[:, :16]), applied, applied], dim=1)
        state = torch.where(reset > 0.5, first, state_in)
        hidden, history = state[:, :16], state[:, 16:]
        normal = torch.clamp((observation - self.mean) / self.deviation, -5.0, 5.0)
        hidden = self.cell(torch.cat([normal, history], dim=1), hidden)
        action = 0.5 + 0.5 * torch.tanh(self.head(hidden))
        return action, torch.cat([hidden, history[:, 4:], applied], dim=1)
