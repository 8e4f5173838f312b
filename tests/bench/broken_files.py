"""Figures: a thousand broken or unsupported model files: an error that says what is wrong, and no file left."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from firmware_export.onnx_to_c import generate
from sim.errors import Sim2MetalError
from tests.bench.graph_maker import random_graph

FILES = 1000
LONGEST_MESSAGE = 500
LONGEST_S = 10.0
"""A file that takes this long counts as a hang."""
UNKNOWN = ("Det", "NonZero", "Einsum", "TopK", "Scan", "If", "Loop", "ArgMax", "CumSum", "Resize", "MyOperator")

Damage = Callable[[onnx.ModelProto, np.random.Generator], bytes]


def measure(repeats: int = 1, files: int = FILES) -> dict[str, object]:
    """Return how many files were refused and how many of them without a clear reason."""
    count, seed, unclear, kinds = 0, 0, [], Counter()
    with tempfile.TemporaryDirectory(prefix="sim2metal-broken-") as name:
        while count < files:
            seed += 1
            verdict = try_file(seed, Path(name))
            if verdict is None:
                continue  # the damage did no harm
            count += 1
            kinds[DAMAGES[seed % len(DAMAGES)].__name__] += 1
            if verdict:
                unclear.append(f"seed {seed}: {verdict}")
    return {
        "broken_files.count": count,
        "broken_files.unclear": len(unclear),
        "broken_files.kinds": dict(kinds),
        **({"broken_files.found": unclear[:20]} if unclear else {}),
    }


def try_file(seed: int, folder: Path) -> str | None:
    """Return what is wrong with the answer to a damaged file; empty if nothing, ``None`` if the file is good."""
    rng = np.random.default_rng([seed, 3])
    model = onnx.load_model_from_string(random_graph(seed).model)
    data = DAMAGES[seed % len(DAMAGES)](model, rng)
    began = time.monotonic()
    try:
        generate(data)
    except Sim2MetalError as error:
        problem = _unclear(str(error))
    except Exception as error:  # noqa: BLE001 (that is what is looked for)
        problem = f"{type(error).__name__}: {error}".splitlines()[0]
    else:
        return None
    if time.monotonic() - began > LONGEST_S:
        problem = f"took {time.monotonic() - began:.0f} s"
    if any(folder.iterdir()):
        problem = "left a file"
    return problem


def _unclear(message: str) -> str:
    if not message.strip() or "\n" in message or len(message) > LONGEST_MESSAGE:
        return f"message of {len(message)} characters: {message[:80]!r}"
    return ""


def _node(model: onnx.ModelProto, rng: np.random.Generator) -> onnx.NodeProto:
    return model.graph.node[rng.integers(len(model.graph.node))]


def unknown_operator(model: onnx.ModelProto, rng: np.random.Generator) -> bytes:
    _node(model, rng).op_type = str(rng.choice(UNKNOWN))
    return model.SerializeToString()


def unknown_domain(model: onnx.ModelProto, rng: np.random.Generator) -> bytes:
    _node(model, rng).domain = "com.example"
    return model.SerializeToString()


def missing_node(model: onnx.ModelProto, rng: np.random.Generator) -> bytes:
    del model.graph.node[rng.integers(len(model.graph.node))]
    return model.SerializeToString()


def dangling_input(model: onnx.ModelProto, rng: np.random.Generator) -> bytes:
    _node(model, rng).input[0] = "nowhere"
    return model.SerializeToString()


def missing_inputs(model: onnx.ModelProto, rng: np.random.Generator) -> bytes:
    del _node(model, rng).input[:]
    return model.SerializeToString()


def missing_weights(model: onnx.ModelProto, rng: np.random.Generator) -> bytes:
    if model.graph.initializer:
        del model.graph.initializer[rng.integers(len(model.graph.initializer))]
    return model.SerializeToString()


def wrong_shape(model: onnx.ModelProto, rng: np.random.Generator) -> bytes:
    if model.graph.initializer:
        tensor = model.graph.initializer[rng.integers(len(model.graph.initializer))]
        values = numpy_helper.to_array(tensor)
        shape = tuple(int(n) + int(rng.integers(1, 3)) for n in values.shape)
        tensor.CopyFrom(numpy_helper.from_array(np.ones(shape, values.dtype), tensor.name))
    return model.SerializeToString()


def wrong_type(model: onnx.ModelProto, rng: np.random.Generator) -> bytes:
    if model.graph.initializer:
        tensor = model.graph.initializer[rng.integers(len(model.graph.initializer))]
        kind = rng.choice([np.float64, np.int32, np.uint8, np.complex64])
        tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype(kind), tensor.name))
    return model.SerializeToString()


def absurd_numbers(model: onnx.ModelProto, rng: np.random.Generator) -> bytes:
    """Indices, shapes, pads and axes that are negative, huge or out of range."""
    for tensor in model.graph.initializer:
        if tensor.data_type == TensorProto.INT64 and rng.random() < 0.5:
            values = rng.choice([-(1 << 62), -7, 0, 99, 1 << 40, 1 << 62], numpy_helper.to_array(tensor).shape)
            tensor.CopyFrom(numpy_helper.from_array(values.astype(np.int64), tensor.name))
    return model.SerializeToString()


def absurd_attribute(model: onnx.ModelProto, rng: np.random.Generator) -> bytes:
    nodes = [node for node in model.graph.node if node.attribute]
    if nodes:
        attribute = nodes[rng.integers(len(nodes))].attribute[0]
        value = rng.choice([-5, 77, 1 << 40])
        name = attribute.name
        attribute.CopyFrom(helper.make_attribute(name, [int(value)] * 3 if rng.random() < 0.5 else int(value)))
    return model.SerializeToString()


def huge_tensor(model: onnx.ModelProto, rng: np.random.Generator) -> bytes:
    name = model.graph.node[0].output[0]
    model.graph.initializer.append(numpy_helper.from_array(np.array([1, 1 << 36], np.int64), "huge"))
    model.graph.node[0].CopyFrom(helper.make_node("ConstantOfShape", ["huge"], [name]))
    return model.SerializeToString()


def bits(model: onnx.ModelProto, rng: np.random.Generator) -> bytes:
    data = bytearray(model.SerializeToString())
    for position in rng.integers(len(data), size=rng.integers(1, 40)):
        data[position] ^= 1 << int(rng.integers(8))
    return bytes(data)


def cut_short(model: onnx.ModelProto, rng: np.random.Generator) -> bytes:
    data = model.SerializeToString()
    return data[: int(rng.integers(len(data)))]


def noise(model: onnx.ModelProto, rng: np.random.Generator) -> bytes:
    return rng.bytes(int(rng.integers(1, 2000)))


DAMAGES: tuple[Damage, ...] = (
    *(unknown_operator, unknown_domain, missing_node, dangling_input, missing_inputs, missing_weights, wrong_shape),
    *(wrong_type, absurd_numbers, absurd_attribute, huge_tensor, bits, cut_short, noise),
)
"""What is done to a good file."""
