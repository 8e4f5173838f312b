"""ONNX file -> ``Program``: batch axis fixed to one, constants folded, every operator checked."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper

from firmware_export.onnx_to_c.convolution import CONVOLUTION
from firmware_export.onnx_to_c.evaluate import evaluate
from firmware_export.onnx_to_c.graph import LONGEST_REASON, check_model, load_model
from firmware_export.onnx_to_c.ir import (
    Apply,
    Buffer,
    Constant,
    Map,
    Program,
    Role,
    UnsupportedModelError,
    Value,
    View,
    is_bool,
)
from firmware_export.onnx_to_c.layers import LAYERS
from firmware_export.onnx_to_c.lowering import Lowering, Node
from firmware_export.onnx_to_c.normalization import NORMALIZATION
from firmware_export.onnx_to_c.operators import ELEMENTWISE, elementwise
from firmware_export.onnx_to_c.padding import PADDING
from firmware_export.onnx_to_c.recurrent import RECURRENT
from firmware_export.onnx_to_c.signature import Port, Signature, read_signature

_MOVEMENT_NAMES = (
    "Identity Reshape Flatten Squeeze Unsqueeze Transpose Slice Split Expand "
    "Gather GatherND GatherElements Tile Dropout"
)
MOVEMENT = frozenset(_MOVEMENT_NAMES.split())
"""Operators that only say where elements lie: they become index arithmetic when code is generated."""

_MISFITS = (ArithmeticError, AssertionError, AttributeError, LookupError, MemoryError, TypeError, ValueError)
"""What numpy and Python raise when shapes, types or attributes do not fit."""

_SHAPES = {"Shape", "Size"}
_STATEMENTS: dict[str, Callable[[Node, list[Any], Lowering], None]] = {
    **LAYERS,
    **RECURRENT,
    **NORMALIZATION,
    **CONVOLUTION,
    **PADDING,
}
"""Operators that become statements of their own, and what writes them."""


def supported_operators() -> list[str]:
    """Return the names of every ONNX operator the generator translates."""
    return sorted(
        MOVEMENT
        | _SHAPES
        | ELEMENTWISE
        | set(_STATEMENTS)
        | {"Cast", "CastLike", "Concat", "Constant", "ConstantOfShape", "Range"}
    )


def read_program(model_bytes: bytes) -> Program:
    """Translate a serialised ONNX model into statements on flat buffers.

    Args:
        model_bytes: a model whose inputs and outputs ``signature.read_signature`` can tell apart, float32,
            batch axis dynamic or 1.

    Raises:
        UnsupportedModelError: if the file is no ONNX model, its inputs are not a policy's, or a node
            cannot be translated; the message names the node.
    """
    model = load_model(model_bytes)
    graph, opsets = model.graph, list(model.opset_import)
    lowering = Lowering(opsets=opsets, uses=_count_uses(graph))
    for initializer in graph.initializer:
        lowering.values[initializer.name] = Constant(numpy_helper.to_array(initializer))
    signature = read_signature(graph)
    inputs = _declare_inputs(signature, lowering)
    for position, proto in enumerate(graph.node):
        _lower(Node.of(proto, position), lowering)
    outputs = _collect_outputs(signature, lowering)
    check_model(model)
    return Program(inputs, lowering.statements, outputs, signature.describe())


def _count_uses(graph: onnx.GraphProto) -> dict[str, int]:
    uses: dict[str, int] = {}
    for name in [name for node in graph.node for name in node.input] + [output.name for output in graph.output]:
        uses[name] = uses.get(name, 0) + 1
    return uses


def _declare_inputs(signature: Signature, lowering: Lowering) -> dict[str, Buffer]:
    buffers: dict[str, Buffer] = {}
    reset = () if signature.reset is None else (signature.reset,)
    roles: tuple[tuple[Role, tuple[Port, ...]], ...] = (
        ("observation", signature.observation),
        ("state_in", signature.state),
        ("reset", reset),
    )
    for role, ports in roles:
        if not ports:
            continue
        buffer = buffers[role] = Buffer(role, sum(port.size for port in ports), role=role)
        for port in ports:
            lowering.values[port.name] = View(buffer, port.start + np.arange(port.size).reshape(port.shape))
    return buffers


def _collect_outputs(signature: Signature, lowering: Lowering) -> dict[str, Value]:
    missing = [name for name in (signature.action, *signature.next_state) if name not in lowering.values]
    if missing:
        raise UnsupportedModelError(f"no node computes the graph's output '{missing[0]}'")
    outputs = {"action": lowering.values[signature.action]}
    if int(np.prod(outputs["action"].shape)) == 0:
        raise UnsupportedModelError(f"output '{signature.action}' is empty: it is no action")
    for port, name in zip(signature.state, signature.next_state):
        if int(np.prod(lowering.values[name].shape)) != port.size:
            shape = list(lowering.values[name].shape)
            raise UnsupportedModelError(f"output '{name}' has shape {shape}, input '{port.name}' {list(port.shape)}")
    if len(signature.state) == 1:
        outputs["state_out"] = lowering.values[signature.next_state[0]]
    elif signature.state:
        outputs["state_out"] = _side_by_side(signature, lowering)
    return outputs


def _side_by_side(signature: Signature, lowering: Lowering) -> View:
    """Gather several next states in one buffer."""
    buffer = Buffer("next_state", sum(port.size for port in signature.state))
    for port, name in zip(signature.state, signature.next_state):
        value = lowering.values[name]
        target = port.start + np.arange(port.size).reshape(value.shape)
        lowering.statements.append(Map(buffer, target, value, [name]))
    return View.of(buffer, (1, buffer.size))


def _lower(node: Node, lowering: Lowering) -> None:
    """Lower a node of a file that nobody has checked: whatever does not fit is the file's fault, and named."""
    values = lowering.inputs(node)
    try:
        _lower_node(node, values, lowering)
        _refuse_empty(node, lowering)
    except UnsupportedModelError:
        raise
    except _MISFITS as error:
        shapes = ", ".join("none" if value is None else str(list(value.shape)) for value in values)
        reason = f"{type(error).__name__} {error}".splitlines()[0][:LONGEST_REASON]
        raise UnsupportedModelError(
            f"{node.label}: {node.op_type} does not fit its inputs of shape {shapes}: {reason}"
        ) from error


def _refuse_empty(node: Node, lowering: Lowering) -> None:
    """Constants without elements are axes and paddings; a computed tensor without any is a mistake."""
    for name in node.outputs:
        value = lowering.values.get(name)
        if isinstance(value, View) and value.index.size == 0:
            raise UnsupportedModelError(f"{node.label}: its result '{name}' has shape {list(value.shape)}: empty")


def _lower_node(node: Node, values: list[Value | None], lowering: Lowering) -> None:
    if node.domain not in ("", "ai.onnx"):
        raise _unknown(node)
    if node.op_type in _SHAPES and values[0] is not None:
        lowering.set_constants(node, evaluate(node, [np.zeros(values[0].shape, np.float32)], lowering.opsets))
    elif all(value is None or isinstance(value, Constant) for value in values) and not node.has_subgraph:
        arrays = [value.data if isinstance(value, Constant) else None for value in values]
        lowering.set_constants(node, evaluate(node, arrays, lowering.opsets))
    elif node.op_type in MOVEMENT:
        _move(node, values, lowering)
    else:
        handler = _handlers().get(node.op_type)
        if handler is None:
            raise _unknown(node)
        handler(node, values, lowering)


def _unknown(node: Node) -> UnsupportedModelError:
    name = node.op_type if node.domain in ("", "ai.onnx") else f"{node.domain}.{node.op_type}"
    return UnsupportedModelError(
        f"{node.label}: operator '{name}' is not supported by the C generator; docs/firmware.md lists those that are"
    )


def _handlers() -> dict[str, Callable[[Node, list[Any], Lowering], None]]:
    return {
        **dict.fromkeys(ELEMENTWISE, _elementwise),
        "Cast": _cast,
        "CastLike": _cast_like,
        "Concat": _concat,
        **_STATEMENTS,
    }


def _move(node: Node, values: list[Value | None], lowering: Lowering) -> None:
    """Run a movement operator on the index array of its data operand."""
    data, *parameters = values
    if not isinstance(data, View) or any(isinstance(parameter, View) for parameter in parameters):
        raise UnsupportedModelError(f"{node.label}: {node.op_type} needs indices and shapes known at export")
    arrays = [parameter.data if isinstance(parameter, Constant) else None for parameter in parameters]
    results = evaluate(node, [data.index, *arrays], lowering.opsets)
    for name, index in zip(node.outputs, results):
        lowering.values[name] = View(data.buffer, np.asarray(index, np.int64))


def _elementwise(node: Node, values: list[Value | None], lowering: Lowering) -> None:
    if node.op_type == "Add" and lowering.absorb_bias(node, values):
        return
    lowering.emit_map(node, elementwise(node.op_type, list(values), node.attributes, node.label))


def _cast(node: Node, values: list[Value | None], lowering: Lowering) -> None:
    (value,) = values
    assert value is not None
    target = node.attributes["to"]
    if target not in (onnx.TensorProto.FLOAT, onnx.TensorProto.BOOL):
        kind = onnx.TensorProto.DataType.Name(target)
        raise UnsupportedModelError(f"{node.label}: Cast to {kind} at run time; the C generator knows FLOAT and BOOL")
    _cast_to(target == onnx.TensorProto.BOOL, value, node, lowering)


def _cast_like(node: Node, values: list[Value | None], lowering: Lowering) -> None:
    value, like = values
    assert value is not None
    assert like is not None
    if isinstance(like, Constant) and like.data.dtype not in (np.float32, np.bool_):
        raise UnsupportedModelError(
            f"{node.label}: CastLike to {like.data.dtype} at run time; the C generator knows FLOAT and BOOL"
        )
    _cast_to(is_bool(like), value, node, lowering)


def _cast_to(to_bool: bool, value: Value, node: Node, lowering: Lowering) -> None:
    """Bind the node's output to a value as truth values or as float32."""
    if isinstance(value, Constant):
        lowering.set_constants(node, [value.data.astype(np.bool_ if to_bool else np.float32)])
    elif to_bool == value.buffer.is_bool:
        lowering.set_value(node, value)
    else:
        lowering.emit_map(node, Apply("to_bool" if to_bool else "to_float", (value,), is_bool=to_bool))


def _concat(node: Node, values: list[Value | None], lowering: Lowering) -> None:
    parts = [value for value in values if value is not None]
    lowering.set_value(node, lowering.concatenate(parts, node.attributes["axis"], node))


def read_quietly(model_bytes: bytes) -> Program:
    """Like ``read_program``, without numpy's warnings about constants folded to NaN or infinity."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return read_program(model_bytes)
