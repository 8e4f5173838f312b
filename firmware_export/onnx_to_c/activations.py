"""Activation functions made of others: how each ONNX operator becomes an expression.

Formulas and default attributes are those of the ONNX operator specification, opset 24.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from firmware_export.onnx_to_c.ir import Apply, Expression, scalar

Attributes = Mapping[str, Any]


def _apply(function: str, *arguments: Expression) -> Apply:
    return Apply(function, arguments)


def _elu(inputs: list[Expression], attributes: Attributes) -> Expression:
    return _apply("elu", inputs[0], scalar(attributes.get("alpha", 1.0)))


def _selu(inputs: list[Expression], attributes: Attributes) -> Expression:
    alpha = scalar(attributes.get("alpha", 1.67326319217681884765625))
    gamma = scalar(attributes.get("gamma", 1.05070102214813232421875))
    return _apply("mul", gamma, _apply("elu", inputs[0], alpha))


def _celu(inputs: list[Expression], attributes: Attributes) -> Expression:
    alpha = scalar(attributes.get("alpha", 1.0))
    return _apply("mul", alpha, _apply("elu", _apply("div", inputs[0], alpha), scalar(1.0)))


def _leaky_relu(inputs: list[Expression], attributes: Attributes) -> Expression:
    return _apply("leaky_relu", inputs[0], scalar(attributes.get("alpha", 0.01)))


def _prelu(inputs: list[Expression], attributes: Attributes) -> Expression:
    return _apply("leaky_relu", inputs[0], inputs[1])


def _thresholded_relu(inputs: list[Expression], attributes: Attributes) -> Expression:
    above = Apply("greater", (inputs[0], scalar(attributes.get("alpha", 1.0))), is_bool=True)
    return _apply("where", above, inputs[0], scalar(0.0))


def _hard_sigmoid(inputs: list[Expression], attributes: Attributes) -> Expression:
    slope, offset = scalar(attributes.get("alpha", 0.2)), scalar(attributes.get("beta", 0.5))
    return _apply("clip", _apply("add", _apply("mul", inputs[0], slope), offset), scalar(0.0), scalar(1.0))


def _hard_swish(inputs: list[Expression], attributes: Attributes) -> Expression:
    return _apply("mul", inputs[0], _hard_sigmoid(inputs, {"alpha": 1.0 / 6.0, "beta": 0.5}))


def _swish(inputs: list[Expression], attributes: Attributes) -> Expression:
    alpha = attributes.get("alpha", 1.0)
    argument = inputs[0] if alpha == 1.0 else _apply("mul", inputs[0], scalar(alpha))
    return _apply("mul", inputs[0], _apply("sigmoid", argument))


def _mish(inputs: list[Expression], attributes: Attributes) -> Expression:
    return _apply("mul", inputs[0], _apply("tanh", _apply("softplus", inputs[0])))


def _softsign(inputs: list[Expression], attributes: Attributes) -> Expression:
    return _apply("div", inputs[0], _apply("add", scalar(1.0), _apply("abs", inputs[0])))


def _gelu(inputs: list[Expression], attributes: Attributes) -> Expression:
    """``x/2 (1 + erf(x / sqrt 2))``, or its approximation by tanh."""
    x = inputs[0]
    half = _apply("mul", scalar(0.5), x)
    if attributes.get("approximate", b"none") == b"tanh":
        cube = _apply("mul", scalar(0.044715), _apply("mul", x, _apply("square", x)))
        inner = _apply("mul", scalar(math.sqrt(2.0 / math.pi)), _apply("add", x, cube))
        return _apply("mul", half, _apply("add", scalar(1.0), _apply("tanh", inner)))
    return _apply(
        "mul", half, _apply("add", scalar(1.0), _apply("erf", _apply("mul", x, scalar(1.0 / math.sqrt(2.0)))))
    )


COMPOSED: dict[str, Callable[[list[Expression], Attributes], Expression]] = {
    "Elu": _elu,
    "Selu": _selu,
    "Celu": _celu,
    "LeakyRelu": _leaky_relu,
    "PRelu": _prelu,
    "ThresholdedRelu": _thresholded_relu,
    "HardSigmoid": _hard_sigmoid,
    "HardSwish": _hard_swish,
    "Swish": _swish,
    "Mish": _mish,
    "Softsign": _softsign,
    "Gelu": _gelu,
}
"""Makers of expressions by ONNX operator."""
