"""The element-wise operators: how each ONNX operator becomes an expression, and each expression C.

NaN and infinity behave as in onnxruntime: ``min``, ``max``, ``clip`` and ``relu`` let NaN through
(C's ``fminf`` and ``fmaxf`` would swallow it), comparisons with NaN are false.
"""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np

from firmware_export.onnx_to_c.activations import COMPOSED
from firmware_export.onnx_to_c.ir import Apply, Constant, Expression, UnsupportedModelError, is_bool, scalar

C_EXPRESSION: dict[str, str] = {
    "add": "{} + {}",
    "sub": "{} - {}",
    "mul": "{} * {}",
    "div": "{} / {}",
    "neg": "-{}",
    "and": "{} && {}",
    "or": "{} || {}",
    "xor": "{} != {}",
    "not": "!{}",
    "less": "{} < {}",
    "less_equal": "{} <= {}",
    "greater": "{} > {}",
    "greater_equal": "{} >= {}",
    "equal": "{} == {}",
    "to_bool": "{} != 0.0f",
    "to_float": "{} ? 1.0f : 0.0f",
    "where": "{} ? {} : {}",
    "reciprocal": "1.0f / {}",
    "sqrt": "sqrtf({})",
    "abs": "fabsf({})",
    "exp": "expf({})",
    "log": "logf({})",
    "erf": "erff({})",
    "sin": "sinf({})",
    "cos": "cosf({})",
    "atan": "atanf({})",
    "pow": "powf({}, {})",
    "floor": "floorf({})",
    "ceil": "ceilf({})",
    "isnan": "isnan({})",
    "square": "square({})",
    "maximum": "maximum({}, {})",
    "minimum": "minimum({}, {})",
    "clip": "clip({}, {}, {})",
    "relu": "relu({})",
    "leaky_relu": "leaky_relu({}, {})",
    "elu": "elu({}, {})",
    "sigmoid": "sigmoid({})",
    "tanh": "fast_tanh({})",
    "softplus": "softplus({})",
    "sign": "sign({})",
}
"""C text of each function, one ``{}`` per argument."""

_HELPER_NAMES = "square maximum minimum clip relu leaky_relu elu sigmoid fast_tanh softplus sign"
HELPERS: frozenset[str] = frozenset(_HELPER_NAMES.split())
"""Functions whose definition lies in ``kernels/<name>.c`` and is emitted when called."""

_PLAIN: dict[str, tuple[str, int]] = {
    "Add": ("add", 2),
    "Sub": ("sub", 2),
    "Mul": ("mul", 2),
    "Div": ("div", 2),
    "Neg": ("neg", 1),
    "Sqrt": ("sqrt", 1),
    "Abs": ("abs", 1),
    "Exp": ("exp", 1),
    "Log": ("log", 1),
    "Erf": ("erf", 1),
    "Sin": ("sin", 1),
    "Cos": ("cos", 1),
    "Atan": ("atan", 1),
    "Floor": ("floor", 1),
    "Ceil": ("ceil", 1),
    "Reciprocal": ("reciprocal", 1),
    "Relu": ("relu", 1),
    "Sigmoid": ("sigmoid", 1),
    "Tanh": ("tanh", 1),
    "Softplus": ("softplus", 1),
    "Sign": ("sign", 1),
    "Where": ("where", 3),
}
_TO_BOOL: dict[str, tuple[str, int]] = {
    "And": ("and", 2),
    "Or": ("or", 2),
    "Xor": ("xor", 2),
    "Not": ("not", 1),
    "Less": ("less", 2),
    "LessOrEqual": ("less_equal", 2),
    "Greater": ("greater", 2),
    "GreaterOrEqual": ("greater_equal", 2),
    "Equal": ("equal", 2),
    "IsNaN": ("isnan", 1),
}
_BOOL_ARGUMENTS = {"And", "Or", "Xor", "Not"}

ELEMENTWISE: frozenset[str] = (
    frozenset(_PLAIN) | frozenset(_TO_BOOL) | frozenset(COMPOSED) | {"Max", "Min", "Sum", "Clip", "Pow"}
)
"""ONNX operators handled here."""


def elementwise(op_type: str, inputs: list[Expression | None], attributes: dict[str, Any], node: str) -> Expression:
    """Translate one element-wise ONNX node.

    Args:
        op_type: an operator of ``ELEMENTWISE``.
        inputs: its operands; ``None`` for an omitted optional one.
        attributes: the node's attributes.
        node: what to call it in an error.

    Raises:
        UnsupportedModelError: for truth values where numbers belong, or the reverse.
    """
    present = [argument for argument in inputs if argument is not None]
    _check_kinds(op_type, present, node)
    if op_type in _PLAIN or op_type in _TO_BOOL:
        function, count = _PLAIN.get(op_type) or _TO_BOOL[op_type]
        if len(present) != count:
            raise UnsupportedModelError(f"{node}: {op_type} takes {count} inputs, found {len(present)}")
        return Apply(function, tuple(present), is_bool=op_type in _TO_BOOL or _chooses_bool(op_type, present))
    if op_type in ("Max", "Min", "Sum"):
        function = {"Max": "maximum", "Min": "minimum", "Sum": "add"}[op_type]
        return reduce(lambda a, b: Apply(function, (a, b)), present)
    if op_type == "Clip":
        return _clip(inputs)
    if op_type == "Pow":
        return _power(present)
    return COMPOSED[op_type](present, attributes)


def _check_kinds(op_type: str, arguments: list[Expression], node: str) -> None:
    kinds = [is_bool(argument) for argument in arguments]
    expected = [op_type in _BOOL_ARGUMENTS] * len(kinds)
    if op_type == "Where":
        expected = [True, kinds[1], kinds[1]]
    if kinds != expected:
        raise UnsupportedModelError(f"{node}: {op_type} mixes truth values and numbers, which the C generator does not")
    for argument in arguments:
        if isinstance(argument, Constant) and argument.data.dtype not in (np.float32, np.bool_):
            raise UnsupportedModelError(
                f"{node}: {op_type} computes in {argument.data.dtype} at run time; the C generator knows float32 only"
            )


def _chooses_bool(op_type: str, arguments: list[Expression]) -> bool:
    return op_type == "Where" and is_bool(arguments[1])


def _clip(inputs: list[Expression | None]) -> Expression:
    """Clip; by the ONNX specification an omitted bound is the largest finite number, not infinity."""
    value, low, high = [*inputs, None, None][:3]
    assert value is not None
    largest = float(np.finfo(np.float32).max)
    low = low if low is not None else scalar(-largest)
    return Apply("clip", (value, low, high if high is not None else scalar(largest)))


def _power(arguments: list[Expression]) -> Expression:
    base, exponent = arguments
    if isinstance(exponent, Constant) and exponent.data.size > 0:
        uniform = exponent.data.ravel()[0]
        if np.all(exponent.data == uniform) and exponent.data.ndim <= 1:
            if uniform == 2.0:
                return Apply("square", (base,))
            if uniform == 1.0:
                return base
    return Apply("pow", (base, exponent))
