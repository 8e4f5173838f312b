"""Gated recurrent unit and long short-term memory, one step at a time, as statements."""

from __future__ import annotations

from typing import NoReturn

import numpy as np

from firmware_export.onnx_to_c.ir import Apply, Constant, Expression, UnsupportedModelError, Value, View, scalar
from firmware_export.onnx_to_c.layers import dense
from firmware_export.onnx_to_c.lowering import Lowering, Node


def _gru(node: Node, values: list[Value | None], lowering: Lowering) -> None:
    """Write one step of a gated recurrent unit (ONNX operator GRU: gates in the order update, reset, candidate)."""
    x, weight, recurrence, biases, h = _operands(node, values, gates=3)
    size = recurrence.shape[1]
    from_x = dense(node, x, weight.T, biases[: 3 * size], lowering)
    gate_x = [View(from_x.buffer, part) for part in np.split(from_x.index, 3, axis=1)]
    after = bool(node.attributes.get("linear_before_reset", 0))
    split = 3 if after else 2
    from_h = dense(node, h, recurrence[: split * size].T, biases[3 * size : (3 + split) * size], lowering)
    gate_h = [View(from_h.buffer, part) for part in np.split(from_h.index, split, axis=1)]
    update = lowering.map_to_view(node, _gate("sigmoid", gate_x[0], gate_h[0]))
    reset = _gate("sigmoid", gate_x[1], gate_h[1])
    if after:
        candidate = _gate("tanh", gate_x[2], Apply("mul", (reset, gate_h[2])))
    else:
        gated = lowering.map_to_view(node, Apply("mul", (reset, h)))
        linear = dense(node, gated, recurrence[2 * size :].T, biases[5 * size :], lowering)
        candidate = _gate("tanh", gate_x[2], linear)
    keep = Apply("mul", (update, h))
    renew = Apply("mul", (Apply("sub", (scalar(1.0), update)), candidate))
    _set_outputs(node, [lowering.map_to_view(node, Apply("add", (renew, keep)))], lowering)


def _lstm(node: Node, values: list[Value | None], lowering: Lowering) -> None:
    """Write one step of a long short-term memory (ONNX operator LSTM: gates in the order i, o, f, c)."""
    if node.attributes.get("input_forget") or (len(values) > 7 and values[7] is not None):
        raise UnsupportedModelError(f"{node.label}: LSTM with peepholes or coupled gates")
    x, weight, recurrence, biases, h = _operands(node, values, gates=4)
    size = recurrence.shape[1]
    cell = _initial(node, [*values, *[None] * 7][6], size)
    both = biases[: 4 * size] + biases[4 * size :]
    from_x = dense(node, x, weight.T, both, lowering)
    from_h = dense(node, h, recurrence.T, None, lowering)
    parts = [
        (View(from_x.buffer, part_x), View(from_h.buffer, part_h))
        for part_x, part_h in zip(np.split(from_x.index, 4, axis=1), np.split(from_h.index, 4, axis=1))
    ]
    new, out, forget = (_gate("sigmoid", *part) for part in parts[:3])
    kept = Apply("mul", (forget, cell))
    next_cell = lowering.map_to_view(node, Apply("add", (kept, Apply("mul", (new, _gate("tanh", *parts[3]))))))
    hidden = lowering.map_to_view(node, Apply("mul", (out, Apply("tanh", (next_cell,)))))
    _set_outputs(node, [hidden, next_cell], lowering)


def _operands(
    node: Node, values: list[Value | None], gates: int
) -> tuple[Value, np.ndarray, np.ndarray, np.ndarray, Value]:
    """Return input (1, n), weight (gates size, n), recurrence (gates size, size), biases and hidden state (1, size)."""
    x, weight, recurrence, bias, lengths, initial = [*values, *[None] * 6][:6]
    standard = node.attributes.get("direction", b"forward") == b"forward" and not node.attributes.get("layout")
    if not standard or {"activations", "clip"} & node.attributes.keys() or lengths is not None:
        _refuse(node, "must be forward, with standard activations, no clip and no lengths")
    if not isinstance(weight, Constant) or not isinstance(recurrence, Constant) or isinstance(bias, View):
        _refuse(node, "needs constant weights")
    assert x is not None
    if x.shape[:2] != (1, 1):
        _refuse(node, f"must take one step at a time, found {x.shape[0]}")
    size = recurrence.data.shape[2]
    if node.attributes.get("hidden_size", size) != size:
        _refuse(node, f"says hidden_size {node.attributes['hidden_size']}, its weights are for {size}")
    biases = bias.data[0] if isinstance(bias, Constant) else np.zeros(2 * gates * size, np.float32)
    return _reshape(x, (1, x.shape[2])), weight.data[0], recurrence.data[0], biases, _initial(node, initial, size)


def _refuse(node: Node, why: str) -> NoReturn:
    raise UnsupportedModelError(f"{node.label}: {node.op_type} {why}")


def _initial(node: Node, state: Value | None, size: int) -> Value:
    if state is None:
        return Constant(np.zeros((1, size), np.float32))
    if state.shape != (1, 1, size):
        _refuse(node, f"has an initial state of shape {list(state.shape)}, expected [1, 1, {size}]")
    return _reshape(state, (1, size))


def _set_outputs(node: Node, last: list[View], lowering: Lowering) -> None:
    """Bind all steps, of which there is one, and the last states."""
    shapes = [(1, 1, *last[0].shape)] + [(1, *state.shape) for state in last]
    for name, state, shape in zip(node.outputs, [last[0], *last], shapes):
        if name:
            lowering.values[name] = _reshape(state, shape)


def _gate(activation: str, *terms: Expression) -> Apply:
    total, *others = terms
    for term in others:
        total = Apply("add", (total, term))
    return Apply(activation, (total,))


def _reshape(value: Value, shape: tuple[int, ...]) -> Value:
    if isinstance(value, View):
        return View(value.buffer, value.index.reshape(shape))
    return Constant(value.data.reshape(shape))


RECURRENT = {"GRU": _gru, "LSTM": _lstm}
"""Handlers by ONNX operator."""
