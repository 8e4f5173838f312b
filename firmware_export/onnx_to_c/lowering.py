"""State of one translation: the value of every ONNX name so far and the statements written so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from onnx import helper

from firmware_export.onnx_to_c.ir import (
    Buffer,
    Constant,
    Dense,
    Expression,
    Map,
    Statement,
    UnsupportedModelError,
    Value,
    View,
    is_bool,
    leaves,
)
from firmware_export.onnx_to_c.memory_order import in_memory_order


@dataclass(frozen=True)
class Node:
    """One ONNX node with its attributes decoded."""

    proto: onnx.NodeProto
    label: str
    """How errors and comments name it."""
    attributes: dict[str, Any]

    @classmethod
    def of(cls, proto: onnx.NodeProto, position: int) -> Node:
        """Decode ``proto``; a nameless node is named by its position."""
        label = f"node '{proto.name}'" if proto.name else f"node {position} ({proto.op_type})"
        attributes = {a.name: helper.get_attribute_value(a) for a in proto.attribute}
        return cls(proto, label, attributes)

    @property
    def op_type(self) -> str:
        """Operator name."""
        return self.proto.op_type

    @property
    def domain(self) -> str:
        """Operator domain; empty for the standard one."""
        return self.proto.domain

    @property
    def inputs(self) -> list[str]:
        """Input names; empty for an omitted optional one."""
        return list(self.proto.input)

    @property
    def outputs(self) -> list[str]:
        """Output names."""
        return list(self.proto.output)

    @property
    def comment(self) -> str:
        """Name for a comment in C."""
        name = self.proto.name or self.op_type
        return name.replace("*/", "* /").replace("\\", "/")

    def axis(self, rank: int, default: int) -> int:
        """Return the attribute ``axis`` as a number from 0.

        Raises:
            UnsupportedModelError: if a tensor of ``rank`` axes has none such.
        """
        axis = self.attributes.get("axis", default)
        if not -rank <= axis < rank:
            raise UnsupportedModelError(f"{self.label}: axis {axis} of a tensor with {rank} axes")
        return axis % rank

    @property
    def has_subgraph(self) -> bool:
        """Whether it is control flow."""
        return any(a.type in (onnx.AttributeProto.GRAPH, onnx.AttributeProto.GRAPHS) for a in self.proto.attribute)


@dataclass
class Lowering:
    """The values and statements of a translation in progress."""

    opsets: list[onnx.OperatorSetIdProto]
    uses: dict[str, int]
    """How many nodes and graph outputs read each name."""
    values: dict[str, Value] = field(default_factory=dict)
    statements: list[Statement] = field(default_factory=list)

    def inputs(self, node: Node) -> list[Value | None]:
        """Return the node's operands.

        Raises:
            UnsupportedModelError: if one is not defined before it.
        """
        missing = [name for name in node.inputs if name and name not in self.values]
        if missing:
            raise UnsupportedModelError(f"{node.label} reads '{missing[0]}', which nothing defines")
        return [self.values[name] if name else None for name in node.inputs]

    def set_value(self, node: Node, value: Value) -> None:
        """Bind the node's first output."""
        self.values[node.outputs[0]] = value

    def set_constants(self, node: Node, arrays: list[np.ndarray]) -> None:
        """Bind the node's outputs to arrays."""
        for name, array in zip([name for name in node.outputs if name], arrays):
            self.values[name] = Constant(np.asarray(array))

    def new_buffer(self, node: Node, size: int, *, is_bool: bool = False) -> Buffer:
        """Return a fresh workspace buffer named after the node's output."""
        return Buffer(node.outputs[0], size, is_bool)

    def emit_map(self, node: Node, expression: Expression) -> View:
        """Write an element-wise statement, bind the node's output to it and return it."""
        view = self.map_to_view(node, expression)
        self.set_value(node, view)
        return view

    def map_to_view(self, node: Node, expression: Expression, *, row_major: bool = False) -> View:
        """Write an element-wise statement into a fresh buffer, in its operand's order of axes or in ONNX's."""
        shape = np.broadcast_shapes(*(leaf.shape for leaf in leaves(expression)))
        size = int(np.prod(shape))
        if size == 0:
            raise UnsupportedModelError(f"{node.label}: empty tensors are not supported by the C generator")
        buffer = self.new_buffer(node, size, is_bool=is_bool(expression))
        if row_major:
            target = result = np.arange(size).reshape(shape)
        else:
            target, expression, result = in_memory_order(expression, shape)
        self.statements.append(Map(buffer, target, expression, [node.comment]))
        return View(buffer, result)

    def contiguous(self, value: Value, node: Node) -> View:
        """Return ``value`` as a view whose elements lie in order, copying if they do not."""
        if isinstance(value, View) and value.is_contiguous:
            return value
        return self.map_to_view(node, value, row_major=True)

    def concatenate(self, parts: list[Value], axis: int, node: Node) -> Value:
        """Return the parts side by side along ``axis``, each copied once into a fresh buffer."""
        indices: list[np.ndarray] = []
        buffer = self.new_buffer(node, sum(int(np.prod(part.shape)) for part in parts), is_bool=is_bool(parts[0]))
        start = 0
        for part in parts:
            size = int(np.prod(part.shape))
            if size == 0:
                continue
            indices.append(np.arange(start, start + size).reshape(part.shape))
            self.statements.append(Map(buffer, indices[-1], part, [node.comment]))
            start += size
        return View(buffer, np.concatenate(indices, axis=axis))

    def absorb_bias(self, node: Node, values: list[Value | None]) -> bool:
        """Fold ``MatMul + constant`` into the dense statement's bias; return whether it was possible."""
        for view, constant, name in ((values[0], values[1], node.inputs[0]), (values[1], values[0], node.inputs[1])):
            if not (isinstance(view, View) and isinstance(constant, Constant) and self.uses.get(name) == 1):
                continue
            for statement in self.statements[-1:]:
                if not (isinstance(statement, Dense) and statement.output is view.buffer and view.is_whole):
                    continue
                try:
                    rows = np.broadcast_to(constant.data, view.shape).reshape(-1, len(statement.bias))
                except ValueError:
                    continue
                if not np.array_equal(rows, np.broadcast_to(rows[0], rows.shape), equal_nan=True):
                    continue  # a layer at several places has one bias for all of them
                statement.bias = (statement.bias + rows[0]).astype(np.float32)
                statement.nodes.append(node.comment)
                self.set_value(node, view)
                return True
        return False
