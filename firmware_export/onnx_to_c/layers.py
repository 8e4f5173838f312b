"""Dense layers, matrix products and reductions as statements."""

from __future__ import annotations

from typing import Any

import numpy as np

from firmware_export.onnx_to_c.ir import Constant, Dense, Loop, Reduce, UnsupportedModelError, Value, View
from firmware_export.onnx_to_c.lowering import Lowering, Node


def dense(node: Node, x: Value, weight: np.ndarray, bias: np.ndarray | None, lowering: Lowering) -> View:
    """Write ``weight^T x + bias`` for every row of ``x``.

    Args:
        node: where it comes from.
        x: (..., inputs).
        weight: (inputs, outputs).
        bias: broadcasts to (outputs,); ``None`` for none.
        lowering: gets the statement.

    Returns:
        The result, (..., outputs).
    """
    inputs, outputs = weight.shape
    if not x.shape or x.shape[-1] != inputs:
        raise UnsupportedModelError(f"{node.label}: expected {inputs} inputs per row, found shape {list(x.shape)}")
    view = lowering.contiguous(x, node)
    rows = view.index.size // inputs
    buffer = lowering.new_buffer(node, rows * outputs)
    bias = np.zeros(outputs) if bias is None else np.broadcast_to(bias, (1, outputs)).ravel()
    loops = () if rows == 1 else (Loop(rows, inputs, outputs),)
    statement = Dense(buffer, 0, view, weight.astype(np.float32), bias.astype(np.float32), [node.comment], loops)
    lowering.statements.append(statement)
    return View.of(buffer, (*x.shape[:-1], outputs))


def _gemm(node: Node, values: list[Value | None], lowering: Lowering) -> None:
    a, b, c = [*values, None][:3]
    alpha = np.float32(node.attributes.get("alpha", 1.0))
    beta = np.float32(node.attributes.get("beta", 1.0))
    if not (isinstance(a, View) and isinstance(b, Constant) and (c is None or isinstance(c, Constant))):
        raise UnsupportedModelError(f"{node.label}: Gemm needs constant weights and biases")
    rows = View(a.buffer, a.index.T if node.attributes.get("transA") else a.index)
    weight = alpha * (b.data.T if node.attributes.get("transB") else b.data)
    bias = None if c is None else beta * c.data
    if bias is not None and bias.ndim == 2 and bias.shape[0] > 1:
        raise UnsupportedModelError(f"{node.label}: Gemm with a bias of its own for every row")
    lowering.set_value(node, dense(node, rows, weight, bias, lowering))


def _matmul(node: Node, values: list[Value | None], lowering: Lowering) -> None:
    a, b = values
    assert a is not None
    assert b is not None
    if isinstance(a, View) and isinstance(b, Constant) and b.data.ndim == 2:
        lowering.set_value(node, dense(node, a, b.data, None, lowering))
    elif isinstance(a, Constant) and a.data.ndim == 2 and isinstance(b, View) and b.index.ndim == 1:
        lowering.set_value(node, dense(node, b, a.data.T, None, lowering))
    elif isinstance(a, Constant) and a.data.ndim == 2 and isinstance(b, View):
        turned = dense(node, View(b.buffer, np.swapaxes(b.index, -1, -2)), a.data.T, None, lowering)
        lowering.set_value(node, View(turned.buffer, np.swapaxes(turned.index, -1, -2)))
    else:
        lowering.set_value(node, _product(node, a, b, lowering))


def _product(node: Node, a: Value, b: Value, lowering: Lowering) -> View:
    """Write a small matrix product, one dot product per element (rotation matrices and the like)."""
    left = _positions(a)
    right = _positions(b)
    if left.ndim < 2 or right.ndim < 2:
        raise UnsupportedModelError(f"{node.label}: MatMul of two run-time tensors needs matrices")
    batch = np.broadcast_shapes(left.shape[:-2], right.shape[:-2])
    rows, inner, columns = left.shape[-2], left.shape[-1], right.shape[-1]
    shape = (*batch, rows, columns)
    left = np.broadcast_to(left[..., :, None, :], (*shape, inner)).reshape(-1, inner)
    right = np.broadcast_to(np.swapaxes(right, -1, -2)[..., None, :, :], (*shape, inner)).reshape(-1, inner)
    buffer = lowering.new_buffer(node, int(np.prod(shape)))
    first, second = _at(a, left), _at(b, right)
    if isinstance(first, Constant):
        first, second = second, first
    assert isinstance(first, View)
    lowering.statements.append(Reduce(buffer, "dot", first, 1, second, [node.comment]))
    return View.of(buffer, shape)


def _positions(value: Value) -> np.ndarray:
    return value.index if isinstance(value, View) else np.arange(value.data.size).reshape(value.data.shape)


def _at(value: Value, positions: np.ndarray) -> Value:
    if isinstance(value, View):
        return View(value.buffer, positions)
    return Constant(value.data.ravel()[positions])


_REDUCTIONS: dict[str, Any] = {
    "ReduceSum": "sum",
    "ReduceMean": "mean",
    "ReduceL2": "l2",
    "ReduceMax": "max",
    "ReduceMin": "min",
}


def _reduce(node: Node, values: list[Value | None], lowering: Lowering) -> None:
    x, given = [*values, None][:2]
    assert isinstance(x, View)
    axes = given.data.tolist() if isinstance(given, Constant) else node.attributes.get("axes")
    if isinstance(given, View):
        raise UnsupportedModelError(f"{node.label}: {node.op_type} needs axes known at export")
    if axes is None and node.attributes.get("noop_with_empty_axes"):
        lowering.set_value(node, x)
        return
    rank = x.index.ndim
    reduced = [axis % rank for axis in axes] if axes is not None else list(range(rank))
    kept = [axis for axis in range(rank) if axis not in reduced]
    operand = View(x.buffer, x.index.transpose(kept + reduced))
    buffer = lowering.new_buffer(node, int(np.prod([x.shape[axis] for axis in kept])))
    lowering.statements.append(Reduce(buffer, _REDUCTIONS[node.op_type], operand, len(kept), None, [node.comment]))
    keep = node.attributes.get("keepdims", 1)
    shape = [1 if axis in reduced else size for axis, size in enumerate(x.shape) if keep or axis not in reduced]
    lowering.set_value(node, View.of(buffer, tuple(shape)))


LAYERS = {"Gemm": _gemm, "MatMul": _matmul, **dict.fromkeys(_REDUCTIONS, _reduce)}
"""Handlers by ONNX operator."""
