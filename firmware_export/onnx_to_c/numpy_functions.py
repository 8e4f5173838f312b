"""The element-wise functions of ``operators.C_EXPRESSION`` in numpy, for running a program at export."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

_erf = np.vectorize(math.erf, otypes=[np.float32])


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return (1.0 / (1.0 + np.exp(-x))).astype(np.float32)


def _elu(x: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    return np.where(x < 0.0, alpha * (np.exp(np.minimum(x, 0.0)) - np.float32(1.0)), x)


def _softplus(x: np.ndarray) -> np.ndarray:
    return np.maximum(x, 0.0) + np.log1p(np.exp(-np.abs(x)))


NUMPY: dict[str, Callable[..., np.ndarray]] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "neg": np.negative,
    "and": np.logical_and,
    "or": np.logical_or,
    "xor": np.logical_xor,
    "not": np.logical_not,
    "less": np.less,
    "less_equal": np.less_equal,
    "greater": np.greater,
    "greater_equal": np.greater_equal,
    "equal": np.equal,
    "to_bool": lambda x: x != 0.0,
    "to_float": lambda x: x.astype(np.float32),
    "where": np.where,
    "reciprocal": lambda x: np.float32(1.0) / x,
    "sqrt": np.sqrt,
    "abs": np.abs,
    "exp": np.exp,
    "log": np.log,
    "erf": _erf,
    "sin": np.sin,
    "cos": np.cos,
    "atan": np.arctan,
    "pow": np.power,
    "floor": np.floor,
    "ceil": np.ceil,
    "isnan": np.isnan,
    "square": np.square,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "clip": lambda x, low, high: np.minimum(np.maximum(x, low), high),
    "relu": lambda x: np.where(x < 0.0, np.float32(0.0), x),
    "leaky_relu": lambda x, slope: np.where(x < 0.0, slope * x, x),
    "elu": _elu,
    "sigmoid": _sigmoid,
    "tanh": np.tanh,
    "softplus": _softplus,
    "sign": np.sign,
}
"""Function of ``operators.C_EXPRESSION`` -> the same on arrays."""
