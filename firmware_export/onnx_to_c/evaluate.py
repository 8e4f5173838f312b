"""Run one ONNX node now, on numpy arrays: constant folding and index arithmetic."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import helper
from onnx.reference import ReferenceEvaluator

from firmware_export.onnx_to_c.ir import UnsupportedModelError
from firmware_export.onnx_to_c.lowering import Node


def evaluate(node: Node, arrays: list[np.ndarray | None], opsets: list[onnx.OperatorSetIdProto]) -> list[np.ndarray]:
    """Return the node's outputs for these inputs, by the reference implementation of the onnx package.

    Args:
        node: any operator without run-time inputs.
        arrays: one per input; ``None`` for an omitted optional one.
        opsets: the model's operator set versions.

    Raises:
        UnsupportedModelError: if the reference implementation cannot run it; names the node.
    """
    if node.op_type == "GatherElements" and len(arrays) == 2:
        return [_gather_elements(node, *arrays)]
    feeds = {name: array for name, array in zip(node.inputs, arrays) if name and array is not None}
    names = [name for name in node.outputs if name]
    inputs = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)
        for name, array in feeds.items()
    ]
    graph = helper.make_graph([node.proto], "node", inputs, [onnx.ValueInfoProto(name=name) for name in names])
    try:
        with np.errstate(all="ignore"):
            results = ReferenceEvaluator(helper.make_model(graph, opset_imports=opsets)).run(None, feeds)
            return [np.asarray(result) for result in results]
    except Exception as error:  # the reference implementation raises every kind of exception
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UnsupportedModelError(f"{node.label}: cannot evaluate {node.op_type} at export: {reason}") from error


def _gather_elements(node: Node, data: np.ndarray | None, index: np.ndarray | None) -> np.ndarray:
    """``GatherElements``, because the reference implementation fails for axes of more than 32 (numpy's ``choose``)."""
    if data is None or index is None or data.ndim != index.ndim:
        raise UnsupportedModelError(f"{node.label}: GatherElements needs data and indices with as many axes")
    axis = node.axis(data.ndim, 0)
    others = tuple(slice(None) if i == axis else slice(size) for i, size in enumerate(index.shape))
    return np.take_along_axis(data[others], index, axis)
