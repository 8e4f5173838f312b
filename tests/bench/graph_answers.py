"""What onnxruntime computes of a random graph, and where that is the right answer.

A result is judged where the right answer is well defined: it is compared within the change that inputs and
weights moved by a millionth make (a sum of large terms or a step at a threshold has no exact answer in float32),
and NaN and infinity must be where onnxruntime has them, however the inputs are moved.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper

from tests.bench.graph_maker import RandomGraph

MOVES = 4
MOVE = 1e-6
TOLERANCE = 2e-5
SENSITIVITY = 30.0
"""Allowed error per change that a move made."""
FAST = {"Tanh", "Sigmoid", "GRU", "LSTM", "Gelu"}
FAST_ERROR = 4e-7
"""What the fast tanh and sigmoid may be off: much, where a reciprocal or a logarithm follows."""
LARGEST_OF = {"ReduceMax", "ReduceMin", "MaxPool", "GlobalMaxPool"}
"""Where onnxruntime 1.x loses a NaN, by its place in memory, and says -3.4e38 for the largest of minus infinities."""
RECURRENT = {"GRU", "LSTM"}
"""Where it always does, in the gates; and where two infinities come in, their difference is one."""
LOSE_SIGN = {"Where"}
"""Where it makes -0.0 to 0.0, so that a division later has the other infinity."""
SQUARED = {"LayerNormalization", "InstanceNormalization"}
"""Whose sums of squares overflow from about 1e19 on; what is left then depends on the order of the sums."""
LARGEST_SQUARED = 1e18


@dataclass(frozen=True)
class Feeds:
    """Rows of inputs."""

    observation: np.ndarray
    state: np.ndarray
    reset: np.ndarray

    def moved(self, rng: np.random.Generator) -> Feeds:
        """Return every number changed by about a millionth."""
        return Feeds(_moved(self.observation, rng), _moved(self.state, rng), self.reset)


def rows_that_onnxruntime_spoils(graph: RandomGraph, feeds: Feeds) -> np.ndarray:
    """Return, for each row, whether onnxruntime's answer is its own.

    It may have lost a NaN or the sign of a zero, of which the generated code loses none, or have overflowed.
    """
    spoiled = np.zeros(len(feeds.observation), bool)
    for operators, spoils in (
        (LARGEST_OF, lambda values: np.isnan(values) | np.isneginf(values)),
        (RECURRENT, lambda values: ~np.isfinite(values)),
        (LOSE_SIGN, lambda values: (values == 0.0) & np.signbit(values)),
        (SQUARED, lambda values: np.isfinite(values) & (np.abs(values) > LARGEST_SQUARED)),
    ):
        model = onnx.load_model_from_string(graph.model)
        known = {value.name for value in model.graph.input} | {name for n in model.graph.node for name in n.output}
        nodes = [node for node in model.graph.node if node.op_type in operators]
        watched = {name for node in nodes for name in node.input[node.op_type == "Where" :]} & known
        if watched:
            spoiled |= spoils(_answers(_watching(model, watched), feeds)).any(axis=1)
    return spoiled


def _watching(model: onnx.ModelProto, names: set[str]) -> bytes:
    """Return the model with these tensors as its outputs."""
    del model.graph.output[:]
    for i, name in enumerate(sorted(names)):
        model.graph.node.append(helper.make_node("Identity", [name], [f"watched_{i}"]))
        model.graph.output.append(helper.make_tensor_value_info(f"watched_{i}", onnx.TensorProto.FLOAT, None))
    return model.SerializeToString()


def right_answers(graph: RandomGraph, feeds: Feeds, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return onnxruntime's answers, where they are well defined, and the error allowed there."""
    rng = np.random.default_rng([seed, 2])
    expected = _answers(graph.model, feeds)
    moved = np.stack([_answers(_moved_model(graph.model, rng), feeds.moved(rng)) for _ in range(MOVES)])
    with np.errstate(invalid="ignore", over="ignore"):
        change = np.abs(moved - expected).max(axis=0)
    finite = np.isfinite(expected)
    judged = np.where(finite, np.isfinite(moved).all(axis=0), (kind(moved) == kind(expected)).all(axis=0))
    with np.errstate(over="ignore"):
        allowed = TOLERANCE * (1.0 + np.abs(expected)) + SENSITIVITY * np.nan_to_num(change, posinf=0.0)
    return expected, judged & ~(finite & (allowed > 0.1 * (1.0 + np.abs(expected)))), allowed


def _moved_model(data: bytes, rng: np.random.Generator) -> bytes:
    """Return the model with every number in it moved, and what comes out of fast functions by their error."""
    model = onnx.load_model_from_string(data)
    for tensor in model.graph.initializer:
        if tensor.data_type == onnx.TensorProto.FLOAT:
            tensor.CopyFrom(numpy_helper.from_array(_moved(numpy_helper.to_array(tensor), rng), tensor.name))
    nodes = list(model.graph.node)
    del model.graph.node[:]
    for i, node in enumerate(nodes):
        model.graph.node.append(node)
        if node.op_type in FAST:
            noise = np.float32(FAST_ERROR * rng.uniform(-1.0, 1.0))
            model.graph.initializer.append(numpy_helper.from_array(np.asarray(noise), f"noise_{i}"))
            exact, name = f"exact_{i}", node.output[0]
            model.graph.node[-1].output[0] = exact
            model.graph.node.append(helper.make_node("Add", [exact, f"noise_{i}"], [name]))
    return model.SerializeToString()


def _moved(values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return values * (1.0 + MOVE * rng.uniform(-1.0, 1.0, values.shape)).astype(np.float32)


def kind(values: np.ndarray) -> np.ndarray:
    """Return 0 for a number, 1 for NaN, 2 and 3 for the infinities."""
    return np.select([np.isnan(values), np.isposinf(values), np.isneginf(values)], [1, 2, 3], 0)


def _answers(model: bytes, feeds: Feeds) -> np.ndarray:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    names = [value.name for value in session.get_inputs()]
    arrays = {"observation": feeds.observation, "state_in": feeds.state, "reset": feeds.reset}
    rows = [
        session.run(None, {name: arrays[name][row : row + 1] for name in names})
        for row in range(len(feeds.observation))
    ]
    return np.array([np.concatenate([part.ravel() for part in row]) for row in rows])
