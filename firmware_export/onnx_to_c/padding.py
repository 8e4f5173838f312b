"""Borders around tensors: constant ones are written, others are index arithmetic."""

from __future__ import annotations

import numpy as np

from firmware_export.onnx_to_c.ir import Constant, Map, UnsupportedModelError, Value, View
from firmware_export.onnx_to_c.lowering import Lowering, Node

_INDEX_MODES = {b"reflect": "reflect", b"edge": "edge", b"wrap": "wrap"}


def padded(
    node: Node, x: View, before: tuple[int, ...], size: tuple[int, ...], border: float, lowering: Lowering
) -> View:
    """Copy a tensor into a larger one.

    Args:
        node: where it comes from.
        x: the tensor.
        before: border before it, per axis.
        size: of the result; what is left is border after it.
        border: value of the border.
        lowering: gets the statements.
    """
    buffer = lowering.new_buffer(node, int(np.prod(size)))
    everywhere = View.of(buffer, size)
    inside = everywhere.index[tuple(slice(first, first + n) for first, n in zip(before, x.shape))]
    if size != x.shape:
        fill = Constant(np.broadcast_to(np.float32(border), size))
        lowering.statements.append(Map(buffer, everywhere.index, fill, [node.comment]))
    lowering.statements.append(Map(buffer, inside, x, [node.comment]))
    return everywhere


def _pad(node: Node, values: list[Value | None], lowering: Lowering) -> None:
    x, given, border, axes = [*values, None, None, None][:4]
    mode = node.attributes.get("mode", b"constant")
    pads = given.data if isinstance(given, Constant) else np.asarray(node.attributes.get("pads", ()))
    if not isinstance(x, View) or any(isinstance(value, View) for value in (given, border, axes)):
        raise UnsupportedModelError(f"{node.label}: Pad needs pads and a value known at export")
    rank = x.index.ndim
    chosen = axes.data if isinstance(axes, Constant) else np.arange(rank)
    around = np.zeros((rank, 2), int)
    around[chosen] = pads.reshape(2, -1).T
    if mode in _INDEX_MODES and around.min() >= 0:
        index = np.pad(x.index, around, mode=_INDEX_MODES[mode])  # type: ignore[call-overload]
        lowering.set_value(node, View(x.buffer, index))
        return
    if mode != b"constant":
        raise UnsupportedModelError(f"{node.label}: Pad with mode {mode.decode(errors='replace')} and these pads")
    cut = tuple(slice(max(-low, 0), n + min(high, 0)) for (low, high), n in zip(around.tolist(), x.shape))
    inner = View(x.buffer, x.index[cut])
    grown = np.maximum(around, 0)
    size = tuple(int(n) for n in grown.sum(axis=1) + inner.shape)
    value = float(border.data.ravel()[0]) if isinstance(border, Constant) else node.attributes.get("value", 0.0)
    lowering.set_value(node, padded(node, inner, tuple(int(n) for n in grown[:, 0]), size, value, lowering))


PADDING = {"Pad": _pad}
"""Handlers by ONNX operator."""
