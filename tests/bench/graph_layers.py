"""Steps of random graphs that are layers: dense, convolution, pooling, normalization, recurrence."""

from __future__ import annotations

import numpy as np

from tests.bench.graph_builder import GraphBuilder, Tensor


def gemm(g: GraphBuilder) -> Tensor:
    return g.dense_to(g.flat(g.pick()), int(g.rng.integers(1, 40)))


def matmul(g: GraphBuilder) -> Tensor:
    x = g.pick()
    outputs = int(g.rng.integers(1, 20))
    weight = g.random(x.shape[-1], outputs, scale=x.shape[-1] ** -0.5)
    return g.node("MatMul", [x.name, weight], (*x.shape[:-1], outputs))


def reduce(g: GraphBuilder) -> Tensor:
    x = g.pick()
    axis = g.axis(x)
    op = g.choose("ReduceSum", "ReduceMean", "ReduceL2", "ReduceMax", "ReduceMin")
    shape = (*x.shape[:axis], 1, *x.shape[axis + 1 :])
    return g.node(op, [x.name, g.integers(axis)], shape, keepdims=1)


def softmax(g: GraphBuilder) -> Tensor:
    x = g.pick()
    return g.node(g.choose("Softmax", "LogSoftmax"), [x.name], x.shape, axis=g.axis(x))


def layer_norm(g: GraphBuilder) -> Tensor:
    x = g.pick()
    inputs = [x.name, g.random(x.shape[-1]), g.random(x.shape[-1])]
    return g.node("LayerNormalization", inputs, x.shape, axis=-1, epsilon=1e-2)


def batch_norm(g: GraphBuilder) -> Tensor:
    x = g.pick(4)
    positive = [g.constant(g.rng.uniform(0.5, 2.0, x.shape[1]).astype(np.float32)) for _ in range(2)]
    inputs = [x.name, positive[0], g.random(x.shape[1]), g.random(x.shape[1]), positive[1]]
    return g.node("BatchNormalization", inputs, x.shape)


def instance_norm(g: GraphBuilder) -> Tensor:
    x = g.pick(4)
    inputs = [x.name, g.random(x.shape[1]), g.random(x.shape[1])]
    return g.node("InstanceNormalization", inputs, x.shape, epsilon=1e-2)


def _moves(g: GraphBuilder, x: Tensor) -> tuple[dict[str, list[int]], tuple[int, ...], list[int]]:
    """Return attributes of a window that moves over an image, the places it stops at, and its size."""
    axes = len(x.shape) - 2
    kernel = [int(g.rng.integers(1, min(4, n) + 1)) for n in x.shape[2:]]
    pads = [int(g.rng.integers(0, k)) for k in kernel * 2] if g.chance(0.5) else [0] * (2 * axes)
    strides = [int(g.rng.integers(1, 3)) for _ in range(axes)]
    room = [(n - 1) // (k - 1) if k > 1 else 1 for n, k in zip(x.shape[2:], kernel)]
    dilations = [int(g.rng.integers(1, min(r, 2) + 1)) if g.chance(0.2) else 1 for r in room]
    moves = {"pads": pads, "strides": strides, "dilations": dilations}
    return moves, _places(x, moves, kernel), kernel


def _places(x: Tensor, moves: dict[str, list[int]], kernel: list[int]) -> tuple[int, ...]:
    pads, strides = moves["pads"], moves["strides"]
    axes = len(kernel)
    dilations = moves.get("dilations", [1] * axes)
    return tuple(
        (n + pads[i] + pads[i + axes] - (k - 1) * d - 1) // s + 1
        for i, (n, k, s, d) in enumerate(zip(x.shape[2:], kernel, strides, dilations))
    )


def conv(g: GraphBuilder) -> Tensor:
    x = g.pick(g.choose(3, 4))
    moves, places, kernel = _moves(g, x)
    groups = [count for count in (1, 1, 2, x.shape[1]) if x.shape[1] % count == 0]
    group = int(groups[g.rng.integers(len(groups))])
    outputs = group * int(g.rng.integers(1, max(24 // group, 1) + 1))
    weight = g.random(outputs, x.shape[1] // group, *kernel, scale=0.3)
    inputs = [x.name, weight, *([g.random(outputs)] if g.chance(0.7) else [])]
    return g.node("Conv", inputs, (1, outputs, *places), group=group, **moves)


def pool(g: GraphBuilder) -> Tensor:
    x = g.pick(4)
    moves, places, kernel = _moves(g, x)
    if g.chance(0.5):
        return g.node("MaxPool", [x.name], (*x.shape[:2], *places), kernel_shape=kernel, **moves)
    del moves["dilations"]
    shape = (*x.shape[:2], *_places(x, moves, kernel))
    border = int(g.rng.integers(2))
    return g.node("AveragePool", [x.name], shape, kernel_shape=kernel, count_include_pad=border, **moves)


def global_pool(g: GraphBuilder) -> Tensor:
    x = g.pick(4)
    return g.node(g.choose("GlobalAveragePool", "GlobalMaxPool"), [x.name], (*x.shape[:2], 1, 1))


def recurrent(g: GraphBuilder) -> Tensor:
    x = g.flat(g.pick())
    size = int(g.rng.integers(1, 20))
    gates = g.choose(3, 4)
    sequence = g.node("Unsqueeze", [x.name, g.integers(0)], (1, 1, x.size))
    weights = [
        g.random(1, gates * size, x.size, scale=x.size**-0.5),
        g.random(1, gates * size, size, scale=0.4),
        g.random(1, 2 * gates * size, scale=0.3) if g.chance(0.8) else "",
    ]
    hidden = _memory(g, size)
    before = [hidden.name] if gates == 3 else [hidden.name, _memory(g, size).name]
    extra = {"linear_before_reset": int(g.rng.integers(2))} if gates == 3 else {}
    op = "GRU" if gates == 3 else "LSTM"
    known = ["", *before] if g.chance(0.9) else []
    out = g.node(op, [sequence.name, *weights, *known], (1, 1, 1, size), hidden_size=size, **extra)
    return g.node("Reshape", [out.name, g.integers(1, size)], (1, size))


def _memory(g: GraphBuilder, size: int) -> Tensor:
    x = g.dense_to(g.flat(g.pick()), size)
    return g.node("Unsqueeze", [g.node("Tanh", [x.name], x.shape).name, g.integers(0)], (1, 1, size))


STEPS = (
    (gemm, 4),
    (matmul, 2),
    (reduce, 2),
    (softmax, 1),
    (layer_norm, 1),
    (batch_norm, 1),
    (instance_norm, 0.5),
    (conv, 4),
    (pool, 2),
    (global_pool, 1),
    (recurrent, 1.5),
)
"""What is added, and how often."""
