"""Figures: a thousand broken or unsupported model files: an error that says what is wrong, and no file left."""

from __future__ import annotations

import contextlib
import io
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from firmware_export.export import Args, run
from sim.errors import Sim2MetalError
from tests.bench.graph_maker import random_graph

FILES = 1000
LONGEST_MESSAGE = 500
LONGEST_S = 10.0
"""A file that takes this long counts as a hang."""
UNKNOWN = ("Det", "NonZero", "Einsum", "TopK", "Scan", "If", "Loop", "ArgMax", "CumSum", "Resize", "MyOperator")

Damage = Callable[[onnx.ModelProto, np.random.Generator], bytes]


def measure(repeats: int = 1, files: int = FILES) -> dict[str, object]:
    """Return how many files were refused, how many of them without a clear reason, and how many files were left."""
    count, seed, unclear, left, kinds = 0, 0, [], 0, Counter()
    while count < files:
        seed += 1
        verdict = try_file(seed)
        if verdict is None:
            continue  # the damage did no harm
        count += 1
        left += len(verdict.left)
        kinds[DAMAGES[seed % len(DAMAGES)].__name__] += 1
        if verdict.problem:
            unclear.append(f"seed {seed}: {verdict.problem}")
    return {
        "broken_files.count": count,
        "broken_files.unclear": len(unclear),
        "broken_files.left": left,
        "broken_files.kinds": dict(kinds),
        **({"broken_files.found": unclear[:20]} if unclear else {}),
    }


@dataclass(frozen=True)
class Verdict:
    """What is wrong with the answer to a broken file; empty if nothing."""

    problem: str
    left: list[str]


def try_file(seed: int) -> Verdict | None:
    """Export a damaged file as a user would, without building it; ``None`` if it is a good one after all."""
    rng = np.random.default_rng([seed, 3])
    model = onnx.load_model_from_string(random_graph(seed).model)
    data = DAMAGES[seed % len(DAMAGES)](model, rng)
    with tempfile.TemporaryDirectory(prefix="sim2metal-broken-") as name, _scratch_in(Path(name) / "tmp"):
        file = Path(name) / "policy.onnx"
        file.write_bytes(data)
        began = time.monotonic()
        problem = _refusal(file)
        if problem is None:
            return None
        if time.monotonic() - began > LONGEST_S:
            problem = f"took {time.monotonic() - began:.0f} s"
        found = [path for path in Path(name).rglob("*") if path.name not in ("policy.onnx", "tmp")]
        left = [str(path.relative_to(name)) for path in found]
    return Verdict(problem or ("left files: " + ", ".join(left) if left else ""), left)


def _refusal(file: Path) -> str | None:
    """Return what is wrong with the refusal of a file, ``None`` if it is exported."""
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            run(Args(file, target=()))
    except Sim2MetalError as error:
        return _unclear(str(error).replace(str(file.parent), ""))
    except Exception as error:  # noqa: BLE001 (that is what is looked for)
        return f"{type(error).__name__}: {error}".splitlines()[0]
    return None


@contextlib.contextmanager
def _scratch_in(folder: Path) -> Iterator[None]:
    """Let temporary files be made in a folder of ours, so that those left behind are seen."""
    folder.mkdir()
    before, tempfile.tempdir = tempfile.tempdir, str(folder)
    try:
        yield
    finally:
        tempfile.tempdir = before


def _unclear(message: str) -> str:
    if not message.strip() or "\n" in message or len(message) > LONGEST_MESSAGE:
        return f"message of {len(message)} characters: {message[:80]!r}"
    return ""


def _node(model: onnx.ModelProto, rng: np.random.Generator) -> onnx.NodeProto:
    """Return a node that reads something."""
    nodes = [node for node in model.graph.node if node.input]
    return nodes[rng.integers(len(nodes))]


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


def weights_elsewhere(model: onnx.ModelProto, rng: np.random.Generator) -> bytes:
    """Weights in a file that is not there, may not be read, or is too short."""
    tensor = onnx.TensorProto(name="elsewhere", data_type=TensorProto.FLOAT, dims=[9])
    tensor.data_location = TensorProto.EXTERNAL
    places = ("policy.onnx.data", "../weights", "/etc/passwd", "policy.onnx", ".", "")
    tensor.external_data.add(key="location", value=str(rng.choice(places)))
    tensor.external_data.add(key=str(rng.choice(["offset", "length"])), value=str(rng.choice(["-1", "9" * 30, "many"])))
    model.graph.initializer.append(tensor)
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
    *(wrong_type, absurd_numbers, absurd_attribute, huge_tensor, weights_elsewhere, bits, cut_short, noise),
)
"""What is done to a good file."""
