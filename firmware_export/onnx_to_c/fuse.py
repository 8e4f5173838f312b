"""Fuse chains of element-wise statements, so that intermediate results stay in registers."""

from __future__ import annotations

import numpy as np

from firmware_export.onnx_to_c.ir import (
    Apply,
    Buffer,
    Constant,
    Expression,
    Map,
    Program,
    View,
    leaves,
    reads,
)

LARGEST_EXPRESSION = 8
"""Functions in one fused C expression, so that a line stays readable."""


def fuse(program: Program) -> None:
    """Substitute every element-wise result that is read once, whole and in order, into its reader."""
    changed = True
    while changed:
        changed = False
        for producer in list(program.statements):
            if isinstance(producer, Map) and _fuse_into_reader(program, producer):
                changed = True


def _fuse_into_reader(program: Program, producer: Map) -> bool:
    buffer = producer.output
    if any(isinstance(value, View) and value.buffer is buffer for value in program.outputs.values()):
        return False
    if sum(statement.output is buffer for statement in program.statements) != 1:
        return False  # a concatenation, written in parts
    readers = [s for s in program.statements if any(view.buffer is buffer for view in reads(s))]
    if len(readers) != 1 or not isinstance(readers[0], Map):
        return False
    reader = readers[0]
    uses = [leaf for leaf in leaves(reader.expression) if isinstance(leaf, View) and leaf.buffer is buffer]
    if len(uses) != 1 or not uses[0].is_whole or uses[0].shape != reader.shape:
        return False
    if _depth(producer.expression) + _depth(reader.expression) > LARGEST_EXPRESSION:
        return False
    operand = _reshaped(producer.expression, producer.shape, uses[0].shape)
    reader.expression = _replace(reader.expression, uses[0], operand)
    reader.nodes = producer.nodes + reader.nodes
    program.statements.remove(producer)
    return True


def _depth(expression: Expression) -> int:
    if isinstance(expression, Apply):
        return 1 + sum(_depth(argument) for argument in expression.arguments)
    return 0


def _reshaped(expression: Expression, old: tuple[int, ...], new: tuple[int, ...]) -> Expression:
    """Broadcast every operand to ``old`` and view it as ``new``."""
    if isinstance(expression, Apply):
        arguments = tuple(_reshaped(argument, old, new) for argument in expression.arguments)
        return Apply(expression.function, arguments, expression.is_bool)
    if isinstance(expression, Constant):
        if expression.data.size == 1:
            return Constant(expression.data.reshape(()))
        return Constant(np.broadcast_to(expression.data, old).reshape(new))
    return View(expression.buffer, np.broadcast_to(expression.index, old).reshape(new))


def _replace(expression: Expression, view: View, replacement: Expression) -> Expression:
    if expression is view:
        return replacement
    if isinstance(expression, Apply):
        arguments = tuple(_replace(argument, view, replacement) for argument in expression.arguments)
        return Apply(expression.function, arguments, expression.is_bool)
    return expression


def remove_unused(program: Program) -> None:
    """Drop statements whose result nothing reads."""
    used: set[Buffer] = {value.buffer for value in program.outputs.values() if isinstance(value, View)}
    for statement in reversed(list(program.statements)):
        if statement.output in used:
            used.update(view.buffer for view in reads(statement))
        else:
            program.statements.remove(statement)
