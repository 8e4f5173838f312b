"""The order of axes in memory: element-wise results keep that of their operand.

A convolution leaves its channels together (height, width, channel) though ONNX counts them first; the
activation after it then runs over memory in order, and the next convolution finds channels together.
"""

from __future__ import annotations

import numpy as np

from firmware_export.onnx_to_c.ir import Apply, Constant, Expression, View, leaves
from firmware_export.onnx_to_c.loops import find_affine


def in_memory_order(expression: Expression, shape: tuple[int, ...]) -> tuple[np.ndarray, Expression, np.ndarray]:
    """Return an expression with its axes in the order in which its first whole operand lies in memory.

    Args:
        expression: broadcasts to ``shape``.
        shape: of the result, as ONNX has it.

    Returns:
        Where each result goes in a buffer of its own (int64, axes reordered), the expression with its
        axes reordered, and the same positions with the axes as ONNX has them.
    """
    axes = _axes(expression, shape)
    target = np.arange(int(np.prod(shape))).reshape([shape[axis] for axis in axes])
    if axes == tuple(range(len(shape))):
        return target, expression, target
    return target, _transposed(expression, axes), target.transpose(np.argsort(axes))


def _axes(expression: Expression, shape: tuple[int, ...]) -> tuple[int, ...]:
    as_given = tuple(range(len(shape)))
    for leaf in leaves(expression):
        if not isinstance(leaf, View) or leaf.shape != shape:
            continue
        affine = find_affine(leaf.index)
        if affine is None or any(stride < 0 for stride in affine.strides):
            return as_given
        axes = tuple(sorted(as_given, key=lambda axis: (-affine.strides[axis] if shape[axis] > 1 else 0, axis)))
        order = tuple(axis for axis in axes if shape[axis] > 1)
        if list(order) == sorted(order) or not View(leaf.buffer, leaf.index.transpose(axes)).is_contiguous:
            return as_given
        return axes
    return as_given


def _transposed(expression: Expression, axes: tuple[int, ...]) -> Expression:
    if isinstance(expression, Apply):
        arguments = tuple(_transposed(argument, axes) for argument in expression.arguments)
        return Apply(expression.function, arguments, expression.is_bool)
    padded = (1,) * (len(axes) - len(expression.shape)) + expression.shape
    if isinstance(expression, Constant):
        return Constant(expression.data.reshape(padded).transpose(axes))
    return View(expression.buffer, expression.index.reshape(padded).transpose(axes))
