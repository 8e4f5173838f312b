"""Steps of random graphs that compute element by element."""

from __future__ import annotations

import numpy as np
from onnx import TensorProto

from tests.bench.graph_builder import GraphBuilder, Tensor

_UNARY_NAMES = (
    "Neg Abs Exp Sin Cos Atan Floor Ceil Relu Sigmoid Tanh Softplus Sign Erf HardSwish Softsign Identity Sqrt Log "
    "Reciprocal Mish"
)
UNARY = tuple(_UNARY_NAMES.split())
BINARY = ("Add", "Sub", "Mul", "Div", "Max", "Min", "Sum")
COMPARE = ("Less", "Greater", "LessOrEqual", "GreaterOrEqual")


def unary(g: GraphBuilder) -> Tensor:
    x = g.pick()
    newer = ("Gelu",) * (g.opset >= 20) + ("Swish",) * (g.opset >= 24)
    return g.node(g.choose(*UNARY, *newer), [x.name], x.shape)


def gelu_by_tanh(g: GraphBuilder) -> Tensor:
    x = g.pick()
    if g.opset < 20:
        return g.node("Tanh", [x.name], x.shape)
    return g.node("Gelu", [x.name], x.shape, approximate="tanh")


def silu(g: GraphBuilder) -> Tensor:
    """As every exporter writes it."""
    x = g.pick()
    return g.node("Mul", [x.name, g.node("Sigmoid", [x.name], x.shape).name], x.shape)


def parametrised(g: GraphBuilder) -> Tensor:
    x = g.pick()
    op = g.choose("Elu", "LeakyRelu", "Celu", "Selu", "HardSigmoid", "ThresholdedRelu")
    return g.node(op, [x.name], x.shape, alpha=float(g.rng.uniform(0.1, 1.5)))


def prelu(g: GraphBuilder) -> Tensor:
    x = g.pick()
    slope = g.random(*(n if g.chance(0.5) else 1 for n in x.shape[1:]))
    return g.node("PRelu", [x.name, slope], x.shape)


def power(g: GraphBuilder) -> Tensor:
    x = g.pick()
    return g.node("Pow", [x.name, g.constant(np.float32(g.choose(1.0, 2.0, 3.0, 0.5, -1.0)))], x.shape)


def with_constant(g: GraphBuilder) -> Tensor:
    x = g.pick()
    shape = tuple(n if g.chance(0.5) else 1 for n in x.shape)
    names = [x.name, g.random(*shape[int(g.rng.integers(len(shape))) :])]
    if g.chance(0.5):
        names.reverse()
    return g.node(g.choose(*BINARY), names, x.shape)


def of_two(g: GraphBuilder) -> Tensor:
    x = g.pick()
    same = [tensor for tensor in g.tensors if tensor.shape == x.shape]
    y = same[g.rng.integers(len(same))] if same else x
    return g.node(g.choose(*BINARY), [x.name, y.name], x.shape)


def clip(g: GraphBuilder) -> Tensor:
    x = g.pick()
    low, high = sorted(g.rng.normal(size=2).astype(np.float32))
    bounds = [g.constant(low) if g.chance(0.8) else "", g.constant(high)]
    return g.node("Clip", [x.name, *bounds], x.shape)


def where(g: GraphBuilder) -> Tensor:
    x = g.pick()
    test = _test(g, x)
    if g.chance(0.4):
        test = g.node(g.choose("And", "Or", "Xor"), [test.name, _test(g, x).name], x.shape)
    if g.chance(0.3):
        test = g.node("Not", [test.name], x.shape)
    if g.chance(0.15):
        return g.node("Cast", [test.name], x.shape, to=TensorProto.FLOAT)
    if g.chance(0.15):
        return g.node("CastLike", [test.name, g.choose(x.name, g.random(1))], x.shape)
    return g.node("Where", [test.name, x.name, g.random(*x.shape[1:])], x.shape)


def _test(g: GraphBuilder, x: Tensor) -> Tensor:
    """Return truth values made of a tensor."""
    kind = g.rng.random()
    if kind < 0.1:
        return g.node("IsNaN", [x.name], x.shape)
    if kind < 0.2:
        return g.node("Cast", [g.node("Relu", [x.name], x.shape).name], x.shape, to=TensorProto.BOOL)
    if kind < 0.3:
        sign = g.node("Sign", [x.name], x.shape)
        return g.node("Equal", [sign.name, g.constant(np.float32(g.choose(-1.0, 1.0)))], x.shape)
    return g.node(g.choose(*COMPARE), [x.name, g.random(1)], x.shape)


STEPS = (
    (unary, 5),
    (gelu_by_tanh, 0.5),
    (silu, 0.7),
    (parametrised, 2),
    (prelu, 0.7),
    (power, 0.7),
    (with_constant, 4),
    (of_two, 3),
    (clip, 1),
    (where, 1.5),
)
"""What is added, and how often."""
