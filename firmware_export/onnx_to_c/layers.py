"""Dense layers, matrix products, reductions and the gated recurrent unit as statements."""

from __future__ import annotations

from typing import Any

import numpy as np

from firmware_export.onnx_to_c.ir import (
    Apply,
    Constant,
    Dense,
    Expression,
    Reduce,
    UnsupportedModelError,
    Value,
    View,
)
from firmware_export.onnx_to_c.lowering import Lowering, Node
from firmware_export.onnx_to_c.operators import scalar


def _dense(node: Node, x: Value, weight: np.ndarray, bias: np.ndarray | None, lowering: Lowering) -> View:
    """Write ``weight^T x + bias`` for a vector ``x``; ``weight`` is (inputs, outputs)."""
    inputs, outputs = weight.shape
    view = lowering.contiguous(x, node)
    if view.index.size != inputs:
        raise UnsupportedModelError(f"{node.label}: expected {inputs} inputs per step, found {view.index.size}")
    buffer = lowering.new_buffer(node, outputs)
    bias = np.zeros(outputs) if bias is None else np.broadcast_to(bias, (1, outputs)).ravel()
    lowering.statements.append(
        Dense(buffer, 0, view, weight.astype(np.float32), bias.astype(np.float32), [node.comment])
    )
    return View.of(buffer, (1, outputs))


def _gemm(node: Node, values: list[Value | None], lowering: Lowering) -> None:
    a, b, c = [*values, None][:3]
    alpha = np.float32(node.attributes.get("alpha", 1.0))
    beta = np.float32(node.attributes.get("beta", 1.0))
    if isinstance(a, View) and isinstance(b, Constant) and (c is None or isinstance(c, Constant)):
        rows = a.index.T if node.attributes.get("transA") else a.index
        weight = b.data.T if node.attributes.get("transB") else b.data
        if rows.shape[0] == 1:
            bias = None if c is None else beta * c.data
            lowering.set_value(node, _dense(node, View(a.buffer, rows), alpha * weight, bias, lowering))
            return
    raise UnsupportedModelError(f"{node.label}: Gemm needs one row of input and constant weights")


def _matmul(node: Node, values: list[Value | None], lowering: Lowering) -> None:
    a, b = values
    assert a is not None
    assert b is not None
    if isinstance(b, Constant) and b.data.ndim == 2 and int(np.prod(a.shape[:-1])) == 1:
        result = _dense(node, a, b.data, None, lowering)
        lowering.set_value(node, View(result.buffer, result.index.reshape(*a.shape[:-1], b.shape[1])))
    elif isinstance(a, Constant) and a.data.ndim == 2 and b.shape in ((a.shape[1],), (a.shape[1], 1)):
        result = _dense(node, b, a.data.T, None, lowering)
        lowering.set_value(node, View(result.buffer, result.index.reshape(a.shape[0], *b.shape[1:])))
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
    lowering.statements.append(Reduce(buffer, "dot", first, second, [node.comment]))
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
    matrix = x.index.transpose(kept + reduced).reshape(int(np.prod([x.shape[a] for a in kept])), -1)
    buffer = lowering.new_buffer(node, matrix.shape[0])
    lowering.statements.append(Reduce(buffer, _REDUCTIONS[node.op_type], View(x.buffer, matrix), None, [node.comment]))
    keep = node.attributes.get("keepdims", 1)
    shape = [1 if axis in reduced else size for axis, size in enumerate(x.shape) if keep or axis not in reduced]
    lowering.set_value(node, View.of(buffer, tuple(shape)))


def _gru(node: Node, values: list[Value | None], lowering: Lowering) -> None:
    """Write one step of a gated recurrent unit (ONNX GRU, sequence length and batch one, forward)."""
    x, weight, recurrence, bias, lengths, initial = [*values, *[None] * 6][:6]
    size = node.attributes["hidden_size"]
    plain = node.attributes.get("direction", b"forward") == b"forward" and "activations" not in node.attributes
    if not plain or lengths is not None or not isinstance(weight, Constant) or not isinstance(recurrence, Constant):
        raise UnsupportedModelError(
            f"{node.label}: GRU must be forward, with standard activations and constant weights"
        )
    assert x is not None
    if x.shape[:2] != (1, 1):
        raise UnsupportedModelError(f"{node.label}: GRU must take one step at a time, found {x.shape[0]}")
    biases = bias.data[0] if isinstance(bias, Constant) else np.zeros(6 * size, np.float32)
    h: Value = initial if initial is not None else Constant(np.zeros((1, 1, size), np.float32))
    h_row = _reshape(h, (1, size))
    from_x = _dense(node, x, weight.data[0].T, biases[: 3 * size], lowering)
    gate_x = [View(from_x.buffer, part) for part in np.split(from_x.index, 3, axis=1)]
    after = bool(node.attributes.get("linear_before_reset", 0))
    split = 3 if after else 2
    from_h = _dense(node, h_row, recurrence.data[0, : split * size].T, biases[3 * size : (3 + split) * size], lowering)
    gate_h = [View(from_h.buffer, part) for part in np.split(from_h.index, split, axis=1)]
    update = lowering.map_to_view(node, _gate("sigmoid", gate_x[0], gate_h[0]))
    reset = _gate("sigmoid", gate_x[1], gate_h[1])
    if after:
        candidate = _gate("tanh", gate_x[2], Apply("mul", (reset, gate_h[2])))
    else:
        gated = lowering.map_to_view(node, Apply("mul", (reset, h_row)))
        linear = _dense(node, gated, recurrence.data[0, 2 * size :].T, biases[5 * size :], lowering)
        candidate = _gate("tanh", gate_x[2], linear)
    keep = Apply("mul", (update, h_row))
    renew = Apply("mul", (Apply("sub", (scalar(1.0), update)), candidate))
    result = lowering.map_to_view(node, Apply("add", (renew, keep)))
    for name, shape in zip(node.outputs, ((1, 1, 1, size), (1, 1, size))):
        lowering.values[name] = _reshape(result, shape)


def _gate(activation: str, a: Expression, b: Expression) -> Apply:
    return Apply(activation, (Apply("add", (a, b)),))


def _reshape(value: Value, shape: tuple[int, ...]) -> Value:
    if isinstance(value, View):
        return View(value.buffer, value.index.reshape(shape))
    return Constant(value.data.reshape(shape))


LAYERS = {"Gemm": _gemm, "MatMul": _matmul, "GRU": _gru, **dict.fromkeys(_REDUCTIONS, _reduce)}
"""Handlers by ONNX operator."""
