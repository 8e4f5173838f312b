"""Softmax and the normalizations, written with reductions and element-wise statements."""

from __future__ import annotations

import numpy as np

from firmware_export.onnx_to_c.ir import Apply, Constant, Expression, Reduce, UnsupportedModelError, Value, View, scalar
from firmware_export.onnx_to_c.lowering import Lowering, Node


def _reduced(node: Node, kind: str, x: View, axes: tuple[int, ...], lowering: Lowering) -> View:
    """Reduce over ``axes`` and keep them with length one."""
    kept = tuple(axis for axis in range(x.index.ndim) if axis not in axes)
    operand = View(x.buffer, x.index.transpose(kept + axes))
    buffer = lowering.new_buffer(node, int(np.prod([x.shape[axis] for axis in kept])))
    lowering.statements.append(Reduce(buffer, kind, operand, len(kept), None, [node.comment]))  # type: ignore[arg-type]
    return View.of(buffer, tuple(1 if axis in axes else size for axis, size in enumerate(x.shape)))


def _softmax(node: Node, values: list[Value | None], lowering: Lowering) -> None:
    """Write ``exp(x - max x) / sum(exp(x - max x))`` over one axis, or its logarithm."""
    x = _view(node, values)
    axis = node.axis(x.index.ndim, -1)
    if _opset(lowering) < 13 and any(size > 1 for size in x.shape[axis + 1 :]):
        raise UnsupportedModelError(f"{node.label}: {node.op_type} over several axes, as before opset 13")
    top = _reduced(node, "max", x, (axis,), lowering)
    distance: Expression = Apply("sub", (x, top))
    if node.op_type == "LogSoftmax":
        distance = lowering.map_to_view(node, distance)
        power = lowering.map_to_view(node, Apply("exp", (distance,)))
        total = _reduced(node, "sum", power, (axis,), lowering)
        lowering.emit_map(node, Apply("sub", (distance, Apply("log", (total,)))))
        return
    power = lowering.map_to_view(node, Apply("exp", (distance,)))
    total = _reduced(node, "sum", power, (axis,), lowering)
    lowering.emit_map(node, Apply("div", (power, total)))


def _layer_norm(node: Node, values: list[Value | None], lowering: Lowering) -> None:
    """Write ``(x - mean) / sqrt(variance + epsilon) * scale + bias`` over the last axes from ``axis`` on."""
    x = _view(node, values)
    _, scale, bias = [*values, None][:3]
    axes = tuple(range(node.axis(x.index.ndim, -1), x.index.ndim))
    normal = _normalized(node, x, axes, node.attributes.get("epsilon", 1e-5), lowering)
    lowering.emit_map(node, _scaled(normal, scale, bias))


def _instance_norm(node: Node, values: list[Value | None], lowering: Lowering) -> None:
    """Write the same for every channel of (1, channels, ...) by itself."""
    x = _view(node, values)
    _, scale, bias = values
    axes = tuple(range(2, x.index.ndim))
    normal = _normalized(node, x, axes, node.attributes.get("epsilon", 1e-5), lowering)
    lowering.emit_map(node, _scaled(normal, _per_channel(node, scale, x), _per_channel(node, bias, x)))


def _batch_norm(node: Node, values: list[Value | None], lowering: Lowering) -> None:
    """Write a trained batch normalization, which is one multiplication and one addition per element."""
    x = _view(node, values)
    if node.attributes.get("training_mode") or not all(isinstance(value, Constant) for value in values[1:]):
        raise UnsupportedModelError(f"{node.label}: BatchNormalization in training mode")
    constants = [value.data.astype(np.float64) for value in values[1:5] if isinstance(value, Constant)]
    scale, bias, mean, variance = constants
    factor = scale / np.sqrt(variance + node.attributes.get("epsilon", 1e-5))
    factors = Constant(factor.astype(np.float32)), Constant((bias - mean * factor).astype(np.float32))
    first, second = (_per_channel(node, value, x) for value in factors)
    lowering.emit_map(node, _scaled(x, first, second))


def _normalized(node: Node, x: View, axes: tuple[int, ...], epsilon: float, lowering: Lowering) -> Expression:
    mean = _reduced(node, "mean", x, axes, lowering)
    centred = lowering.map_to_view(node, Apply("sub", (x, mean)))
    squares = lowering.map_to_view(node, Apply("square", (centred,)))
    variance = _reduced(node, "mean", squares, axes, lowering)
    return Apply("div", (centred, Apply("sqrt", (Apply("add", (variance, scalar(epsilon))),))))


def _scaled(x: Expression, scale: Value | None, bias: Value | None) -> Expression:
    scaled = x if scale is None else Apply("mul", (x, scale))
    return scaled if bias is None else Apply("add", (scaled, bias))


def _per_channel(node: Node, value: Value | None, x: View) -> Value:
    if not isinstance(value, Constant):
        raise UnsupportedModelError(f"{node.label}: {node.op_type} needs constant scale and bias")
    return Constant(value.data.reshape(-1, *(1,) * (x.index.ndim - 2)))


def _view(node: Node, values: list[Value | None]) -> View:
    (x, *_) = values
    if not isinstance(x, View):
        raise UnsupportedModelError(f"{node.label}: {node.op_type} of a constant with run-time parameters")
    return x


def _opset(lowering: Lowering) -> int:
    return max((opset.version for opset in lowering.opsets if opset.domain in ("", "ai.onnx")), default=1)


NORMALIZATION = {
    "Softmax": _softmax,
    "LogSoftmax": _softmax,
    "LayerNormalization": _layer_norm,
    "InstanceNormalization": _instance_norm,
    "BatchNormalization": _batch_norm,
}
"""Handlers by ONNX operator."""
