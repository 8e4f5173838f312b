"""Random ONNX policies within the operators that the C generator knows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from tests.bench import graph_arithmetic, graph_layers, graph_movement
from tests.bench.graph_builder import GraphBuilder, Tensor

LARGEST = 600
"""Elements of a tensor, so that code stays small."""
MOST_ACTIONS = 24
OPSETS = (18, 20, 24)
"""Operator sets: what exporters write today, the first with Gelu, the first with Swish."""
STEPS = (*graph_arithmetic.STEPS, *graph_movement.STEPS, *graph_layers.STEPS)


@dataclass
class RandomGraph:
    """A model and the lengths of its arrays."""

    model: bytes
    observation: int
    state: int
    action: int
    operators: list[str]


def random_graph(seed: int) -> RandomGraph:
    """Return the policy of this seed."""
    rng = np.random.default_rng(seed)
    builder = GraphBuilder(rng, int(rng.choice(OPSETS)))
    observation, state = int(rng.integers(1, 61)), int(rng.integers(1, 17)) if rng.random() < 0.4 else 0
    builder.tensors.append(Tensor("observation", (1, observation)))
    if state:
        builder.tensors.append(_state(builder, state))
    weights = np.array([weight for _, weight in STEPS], float)
    for _ in range(int(rng.integers(2, 11))):
        step, _ = STEPS[rng.choice(len(STEPS), p=weights / weights.sum())]
        builder.tensors.append(_small_enough(builder, step(builder)))
    action = _output(builder, "action", MOST_ACTIONS)
    if state:
        new = builder.dense_to(builder.flat(builder.pick()), state)
        builder.nodes.append(helper.make_node("Tanh", [new.name], ["state_out"], name="state_out"))
    operators = [node.op_type for node in builder.nodes]
    return RandomGraph(_model(builder, observation, state), observation, state, action, operators)


def _small_enough(builder: GraphBuilder, tensor: Tensor) -> Tensor:
    """Cut a tensor's longest axis in half until it is no larger than ``LARGEST``."""
    while tensor.size > LARGEST:
        axis = int(np.argmax(tensor.shape))
        half = (*tensor.shape[:axis], tensor.shape[axis] // 2, *tensor.shape[axis + 1 :])
        ends = (builder.integers(0), builder.integers(half[axis]), builder.integers(axis))
        tensor = builder.node("Slice", [tensor.name, *ends], half)
    return tensor


def _state(builder: GraphBuilder, size: int) -> Tensor:
    first = builder.node("Greater", ["reset", builder.constant(np.float32(0.5))], (1, 1))
    return builder.node("Where", [first.name, builder.random(1, size), "state_in"], (1, size))


def _output(builder: GraphBuilder, name: str, most: int) -> int:
    last = builder.flat(builder.tensors[-1])
    size = min(last.size, most)
    ends = (builder.integers(0), builder.integers(size), builder.integers(1))
    builder.nodes.append(helper.make_node("Slice", [last.name, *ends], [name], name=name))
    return size


def _model(builder: GraphBuilder, observation: int, state: int) -> bytes:
    sizes = {"observation": observation} | ({"state_in": state, "reset": 1} if state else {})
    names = ("action", "state_out") if state else ("action",)
    graph = helper.make_graph(
        builder.nodes,
        "random",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, size]) for name, size in sizes.items()],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names],
        [numpy_helper.from_array(value, name) for name, value in builder.constants.items()],
    )
    opset = helper.make_opsetid("", builder.opset)
    version = helper.find_min_ir_version_for([opset])
    return helper.make_model(graph, opset_imports=[opset], ir_version=version).SerializeToString()
