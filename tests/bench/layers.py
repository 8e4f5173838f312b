"""Layers of the benchmark networks: each adds itself to an ONNX graph and computes itself in float64."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import onnx
from numpy.lib.stride_tricks import sliding_window_view
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
IR_VERSION = 8


@dataclass
class Graph:
    """Nodes and constants on their way to an ONNX model."""

    name: str
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: list[onnx.TensorProto] = field(default_factory=list)

    def constant(self, name: str, value: np.ndarray) -> str:
        self.constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def add(self, operator: str, inputs: Sequence[str], output: str, **attributes: object) -> str:
        self.nodes.append(helper.make_node(operator, list(inputs), [output], name=output, **attributes))
        return output

    def model(self, inputs: Mapping[str, tuple[int, ...]], outputs: Mapping[str, tuple[int, ...]]) -> bytes:
        """Return the serialised model; shapes are those of one sample, the batch axis comes before."""
        both = [
            [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["batch", *shape]) for n, shape in values.items()]
            for values in (inputs, outputs)
        ]
        graph = helper.make_graph(self.nodes, self.name, *both, self.constants)
        opset = helper.make_opsetid("", OPSET)
        return helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION).SerializeToString()


@dataclass(frozen=True)
class Linear:
    """``y = x weight + bias``; weight (inputs, outputs), bias (outputs,)."""

    weight: np.ndarray
    bias: np.ndarray

    @staticmethod
    def random(rng: np.random.Generator, inputs: int, outputs: int) -> Linear:
        weight = rng.normal(0.0, inputs**-0.5, (inputs, outputs)).astype(np.float32)
        return Linear(weight, rng.normal(0.0, 0.1, outputs).astype(np.float32))

    def add_to(self, graph: Graph, source: str, output: str) -> str:
        tensors = [graph.constant(f"{output}_{key}", getattr(self, key)) for key in ("weight", "bias")]
        return graph.add("Gemm", [source, *tensors], output)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return x @ self.weight.astype(np.float64) + self.bias


@dataclass(frozen=True)
class Gru:
    """Gated recurrent unit as torch has it (the reset gate after the recurrent product); gates z, r, candidate.

    Shapes: ``weight`` (3 size, inputs), ``recurrence`` (3 size, size), ``bias`` (6 size,).
    """

    weight: np.ndarray
    recurrence: np.ndarray
    bias: np.ndarray

    @staticmethod
    def random(rng: np.random.Generator, inputs: int, size: int) -> Gru:
        weight = rng.normal(0.0, inputs**-0.5, (3 * size, inputs)).astype(np.float32)
        recurrence = rng.normal(0.0, size**-0.5, (3 * size, size)).astype(np.float32)
        return Gru(weight, recurrence, rng.normal(0.0, 0.1, 6 * size).astype(np.float32))

    @property
    def size(self) -> int:
        return self.recurrence.shape[1]

    def add_to(self, graph: Graph, source: str) -> str:
        """Add the unit with its memory: zeros where ``reset`` is set, else ``state_in``; names ``state_out``."""
        zero = graph.constant("zero", np.zeros(1, np.float32))
        half = graph.constant("half", np.array([0.5], np.float32))
        first_axis = graph.constant("first_axis", np.array([0], np.int64))
        fresh = graph.add("Greater", ["reset", half], "fresh")
        before = graph.add("Where", [fresh, zero, "state_in"], "memory_before")
        steps = [graph.add("Unsqueeze", [value, first_axis], f"{value}_step") for value in (source, before)]
        tensors = [graph.constant(f"gru_{key}", getattr(self, key)[None]) for key in ("weight", "recurrence", "bias")]
        attributes = {"hidden_size": self.size, "linear_before_reset": 1}
        node = helper.make_node("GRU", [steps[0], *tensors, "", steps[1]], ["", "gru_last"], name="gru", **attributes)
        graph.nodes.append(node)
        return graph.add("Squeeze", ["gru_last", first_axis], "state_out")

    def __call__(self, x: np.ndarray, h: np.ndarray) -> np.ndarray:
        of_x, of_h = np.split(self.bias.astype(np.float64), 2)
        x_z, x_r, x_n = np.split(self.weight.astype(np.float64) @ x + of_x, 3)
        h_z, h_r, h_n = np.split(self.recurrence.astype(np.float64) @ h + of_h, 3)
        z, r = _sigmoid(x_z + h_z), _sigmoid(x_r + h_r)
        return (1.0 - z) * np.tanh(x_n + r * h_n) + z * h


@dataclass(frozen=True)
class Convolution:
    """3 x 3, padded by one, and ReLU; weight (outputs, inputs, 3, 3), bias (outputs,)."""

    weight: np.ndarray
    bias: np.ndarray
    stride: int

    @staticmethod
    def random(rng: np.random.Generator, inputs: int, outputs: int, stride: int) -> Convolution:
        weight = rng.normal(0.0, (2.0 / (9.0 * inputs)) ** 0.5, (outputs, inputs, 3, 3)).astype(np.float32)
        return Convolution(weight, rng.normal(0.0, 0.1, outputs).astype(np.float32), stride)

    def add_to(self, graph: Graph, source: str, output: str) -> str:
        tensors = [graph.constant(f"{output}_{key}", getattr(self, key)) for key in ("weight", "bias")]
        walk = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "strides": [self.stride, self.stride]}
        return graph.add("Relu", [graph.add("Conv", [source, *tensors], f"{output}_linear", **walk)], output)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Return (outputs, rows, columns) of an image (inputs, rows, columns)."""
        windows = sliding_window_view(np.pad(x, ((0, 0), (1, 1), (1, 1))), (3, 3), axis=(1, 2))
        windows = windows[:, :: self.stride, :: self.stride]
        linear = np.einsum("oikl,irckl->orc", self.weight.astype(np.float64), windows)
        return np.maximum(linear + self.bias[:, None, None], 0.0)


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-x))


def elu(x: np.ndarray) -> np.ndarray:
    return np.where(x < 0.0, np.expm1(np.minimum(x, 0.0)), x)
