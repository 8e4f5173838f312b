"""A file's graph, with what would make later steps run out of memory refused."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import numpy as np
import onnx
import onnx.inliner
from google.protobuf.message import DecodeError
from onnx import numpy_helper

from firmware_export.onnx_to_c.ir import UnsupportedModelError

LONGEST_REASON = 300
"""Characters quoted of another program's message."""
LARGEST_TENSOR = 1 << 24
"""Elements: 64 MiB of floats, more than any microcontroller holds."""


def load_model(model_bytes: bytes) -> onnx.ModelProto:
    """Parse a serialised model; functions are written out where they are called.

    Raises:
        UnsupportedModelError: if it is no ONNX model, or a tensor is too large or damaged.
    """
    try:
        model = onnx.load_model_from_string(model_bytes)
        if model.functions:
            model = onnx.inliner.inline_local_functions(model)
    except (DecodeError, RuntimeError, ValueError):
        raise UnsupportedModelError("not an ONNX model: export the policy again") from None
    if not model.graph.node:
        raise UnsupportedModelError("not an ONNX model, or an empty one: export the policy again")
    if not all(isinstance(name, str) for name in _names(model.graph)):
        raise UnsupportedModelError("not an ONNX model: a name in it is no text; export the policy again")
    _check_constants(model.graph)
    _check_sizes(model)
    return model


def check_model(model: onnx.ModelProto) -> None:
    """Hold a model to the ONNX specification; called last, because errors that name the node say more.

    Raises:
        UnsupportedModelError: if types, shapes or attributes are not as the specification has them.
    """
    try:
        # Shapes first: outputs may come without, which the checker does not forgive.
        onnx.checker.check_model(onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True))
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError, RuntimeError, ValueError) as error:
        reason = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise UnsupportedModelError(f"not a valid ONNX model: {reason[:LONGEST_REASON]}") from None


def _names(graph: onnx.GraphProto) -> Iterator[object]:
    """Yield all names; protobuf gives bytes for those that are no text."""
    for named in (*graph.input, *graph.output, *graph.initializer):
        yield named.name
    for node in graph.node:
        yield from (node.name, node.op_type, node.domain, *node.input, *node.output)
        yield from (attribute.name for attribute in node.attribute)


def _check_constants(graph: onnx.GraphProto) -> None:
    for tensor in graph.initializer:
        if tensor.data_location == onnx.TensorProto.EXTERNAL:
            raise UnsupportedModelError(
                f"weights '{tensor.name}' lie in a file of their own: give the model's path, or export it in one file"
            )
        if min(tensor.dims, default=0) < 0 or np.prod([float(size) for size in tensor.dims]) > LARGEST_TENSOR:
            raise UnsupportedModelError(f"weights '{tensor.name}' have shape {list(tensor.dims)}: too large")
        try:
            numpy_helper.to_array(tensor)
        except (TypeError, ValueError, LookupError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise UnsupportedModelError(f"weights '{tensor.name}' are damaged: {reason}") from error


def _check_sizes(model: onnx.ModelProto) -> None:
    """Refuse tensors that onnx's own shape inference knows to be too large; what it cannot infer is found later."""
    with contextlib.suppress(Exception):  # it raises every kind of exception on files that make no sense
        model = onnx.shape_inference.infer_shapes(model, data_prop=True)
    for value in model.graph.value_info:
        sizes = [float(dim.dim_value) for dim in value.type.tensor_type.shape.dim if dim.HasField("dim_value")]
        if np.prod(sizes) > LARGEST_TENSOR:
            raise UnsupportedModelError(f"tensor '{value.name}' has {np.prod(sizes):.0e} elements: too large")
