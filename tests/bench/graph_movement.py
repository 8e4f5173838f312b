"""Steps of random graphs that move numbers and compute none."""

from __future__ import annotations

import numpy as np
from onnx import helper, numpy_helper

from tests.bench.graph_builder import GraphBuilder, Tensor


def to_rank(g: GraphBuilder) -> Tensor:
    return g.reshape(g.pick(), int(g.rng.integers(2, 5)))


def transpose(g: GraphBuilder) -> Tensor:
    x = g.pick(g.choose(3, 4))
    axes = [0, *(1 + g.rng.permutation(len(x.shape) - 1))]
    return g.node("Transpose", [x.name], tuple(x.shape[a] for a in axes), perm=[int(a) for a in axes])


def slice_(g: GraphBuilder) -> Tensor:
    x = g.pick()
    axis = g.axis(x)
    start, step = int(g.rng.integers(x.shape[axis])), int(g.rng.integers(1, 3))
    count = len(range(start, x.shape[axis], step))
    ends = (g.integers(start), g.integers(x.shape[axis]), g.integers(axis), g.integers(step))
    return g.node("Slice", [x.name, *ends], (*x.shape[:axis], count, *x.shape[axis + 1 :]))


def split(g: GraphBuilder) -> Tensor:
    """Cut in two and put the halves together the other way round."""
    x = g.pick()
    axis = g.axis(x)
    if x.shape[axis] < 2:
        return g.node("Identity", [x.name], x.shape)
    first = int(g.rng.integers(1, x.shape[axis]))
    parts = [f"{x.name}_{len(g.nodes)}_{end}" for end in ("low", "high")]
    sizes = g.integers(first, x.shape[axis] - first)
    g.nodes.append(helper.make_node("Split", [x.name, sizes], parts, name=f"Split_{len(g.nodes)}", axis=axis))
    return g.node("Concat", parts[::-1], x.shape, axis=axis)


def gather(g: GraphBuilder) -> Tensor:
    x = g.pick()
    axis = g.axis(x)
    index = g.rng.integers(-x.shape[axis], x.shape[axis], g.rng.integers(1, 6))
    shape = (*x.shape[:axis], len(index), *x.shape[axis + 1 :])
    return g.node("Gather", [x.name, g.integers(*map(int, index))], shape, axis=axis)


def gather_elements(g: GraphBuilder) -> Tensor:
    x = g.pick()
    axis = g.axis(x)
    shape = (*x.shape[:axis], int(g.rng.integers(1, x.shape[axis] + 1)), *x.shape[axis + 1 :])
    index = g.rng.integers(0, x.shape[axis], shape)
    return g.node("GatherElements", [x.name, g.constant(index)], shape, axis=axis)


def gather_nd(g: GraphBuilder) -> Tensor:
    x = g.pick()
    count = int(g.rng.integers(1, 9))
    index = np.stack([g.rng.integers(0, size, (1, count)) for size in x.shape], axis=-1)
    return g.node("GatherND", [x.name, g.constant(index)], (1, count))


def concat(g: GraphBuilder) -> Tensor:
    x = g.pick()
    axis = g.axis(x)
    others = x.shape[:axis] + x.shape[axis + 1 :]
    fit = [t for t in g.tensors if len(t.shape) == len(x.shape) and t.shape[:axis] + t.shape[axis + 1 :] == others]
    y = fit[g.rng.integers(len(fit))] if fit else x
    shape = (*x.shape[:axis], x.shape[axis] + y.shape[axis], *x.shape[axis + 1 :])
    return g.node("Concat", [x.name, y.name], shape, axis=axis)


def tile(g: GraphBuilder) -> Tensor:
    x = g.pick()
    repeats = [1, *(int(n) for n in g.rng.integers(1, 3, len(x.shape) - 1))]
    return g.node("Tile", [x.name, g.integers(*repeats)], tuple(a * b for a, b in zip(x.shape, repeats)))


def expand(g: GraphBuilder) -> Tensor:
    """Give every element of a row a few copies."""
    x = g.flat(g.pick())
    copies = int(g.rng.integers(1, 4))
    column = g.node("Unsqueeze", [x.name, g.integers(1)], (1, 1, x.size))
    return g.node("Expand", [column.name, g.integers(1, copies, x.size)], (1, copies, x.size))


def squeeze(g: GraphBuilder) -> Tensor:
    x = g.pick()
    axis = g.axis(x)
    wider = g.node("Unsqueeze", [x.name, g.integers(axis)], (*x.shape[:axis], 1, *x.shape[axis:]))
    return g.node("Squeeze", [wider.name, g.integers(axis)], x.shape)


def pad(g: GraphBuilder) -> Tensor:
    x = g.pick()
    mode = g.choose("constant", "edge", "reflect")
    room = [0, *(min(2, n - 1) for n in x.shape[1:])]
    before, after = ([int(g.rng.integers(0, n + 1)) for n in room] for _ in range(2))
    value = [g.constant(np.float32(g.rng.normal()))] if mode == "constant" else []
    shape = tuple(a + b + n for a, b, n in zip(before, after, x.shape))
    return g.node("Pad", [x.name, g.integers(*before, *after), *value], shape, mode=mode)


def dropout(g: GraphBuilder) -> Tensor:
    """What training left in the graph: it does nothing afterwards."""
    x = g.pick()
    return g.node("Dropout", [x.name], x.shape)


def from_shape(g: GraphBuilder) -> Tensor:
    """Add a number made from the tensor's own shape, as exporters write ``zeros_like`` and ``arange``."""
    x = g.flat(g.pick())
    if g.chance(0.5):
        shape = g.node("Shape", [x.name], (2,))
        value = numpy_helper.from_array(g.rng.normal(size=1).astype(np.float32))
        filled = g.node("ConstantOfShape", [shape.name], x.shape, value=value)
        return g.node("Add", [x.name, filled.name], x.shape)
    size = g.node("Size", [x.name], ())
    limit = g.node("Cast", [size.name], (), to=1)
    start, step = (g.node("Constant", [], (), value=numpy_helper.from_array(np.float32(v))) for v in (0.0, 1.0))
    count = g.node("Range", [start.name, limit.name, step.name], (x.size,))
    return g.node("Sub", [x.name, count.name], x.shape)


STEPS = (
    (to_rank, 2),
    (transpose, 2),
    (slice_, 1),
    (split, 1),
    (gather, 1),
    (gather_elements, 0.5),
    (gather_nd, 0.5),
    (concat, 2),
    (tile, 1),
    (expand, 0.5),
    (squeeze, 0.5),
    (pad, 1),
    (dropout, 0.3),
    (from_shape, 0.7),
)
"""What is added, and how often."""
