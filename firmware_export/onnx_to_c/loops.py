"""Index arrays -> loops: find the fewest nested loops in which every operand's index is affine."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

INDEX_NAMES = "ijklmnopqr"


@dataclass(frozen=True)
class Affine:
    """``offset + sum(stride[d] * index[d])``."""

    offset: int
    strides: tuple[int, ...]

    def text(self, names: str = INDEX_NAMES) -> str:
        """Return the C expression, e.g. ``(4U * i) + j + 2U``."""
        terms = []
        for stride, name in zip(self.strides, names):
            if stride > 0:
                terms.append(name if stride == 1 else f"{stride}U * {name}")
        if self.offset or not terms:
            terms.append(f"{self.offset}U")
        text = " + ".join(terms)
        for stride, name in zip(self.strides, names):
            if stride < 0:
                text += f" - {name}" if stride == -1 else f" - {-stride}U * {name}"
        return text


@dataclass(frozen=True)
class Nest:
    """Loops over ``shape``; operand ``p`` lies at ``affine[p]``, or nowhere regular if that is ``None``."""

    shape: tuple[int, ...]
    affine: list[Affine | None]


@dataclass(frozen=True)
class TwoNests:
    """Loops over ``kept`` around loops over ``reduced``; ``affine[p]`` has strides for both, in this order."""

    kept: tuple[int, ...]
    reduced: tuple[int, ...]
    result: Affine
    """Where the results go, over ``kept``."""
    affine: list[Affine | None]


def find_nest(indices: list[np.ndarray], shape: tuple[int, ...]) -> Nest:
    """Return the smallest loop nest for operands that all broadcast to ``shape``.

    Args:
        indices: position of every element of every operand, each broadcastable to ``shape``.
        shape: shape of the result, visited in row-major order.
    """
    arrays = [np.broadcast_to(index, shape) for index in indices]
    strides = [find_affine(array) for array in arrays]
    if any(affine is None for affine in strides):
        flat = [find_affine(array.ravel()) for array in arrays]
        return Nest((int(np.prod(shape)),), flat)
    return _merge(tuple(shape), [affine for affine in strides if affine is not None])


def find_two_nests(indices: list[np.ndarray], kept: int) -> TwoNests:
    """Return the smallest loops for a reduction over the last axes of operands of one shape.

    Args:
        indices: position of every element of every operand.
        kept: how many axes, from the first, are kept; results lie in row-major order.
    """
    affines = [find_affine(index) for index in indices]
    shape = indices[0].shape
    if any(affine is None for affine in affines):
        shape, kept = (int(np.prod(shape[:kept])), int(np.prod(shape[kept:]))), 1
        affines = [find_affine(index.reshape(shape)) for index in indices]
    known = [affine for affine in affines if affine is not None]
    result = find_affine(np.arange(int(np.prod(shape[:kept]))).reshape(shape[:kept]))
    assert result is not None
    outer = _merge(shape[:kept], [result, *(Affine(affine.offset, affine.strides[:kept]) for affine in known)])
    inner = _merge(shape[kept:], [Affine(0, affine.strides[kept:]) for affine in known])
    joined = iter(Affine(a.offset, a.strides + b.strides) for a, b in zip(outer.affine[1:], inner.affine) if a and b)
    target = outer.affine[0]
    assert target is not None
    return TwoNests(outer.shape, inner.shape, target, [None if a is None else next(joined) for a in affines])


def find_affine(array: np.ndarray) -> Affine | None:
    """Return positions as an affine function of the index, ``None`` if they are none."""
    origin = int(array.ravel()[0])
    strides = tuple(
        0 if size == 1 else int(array[(0,) * axis + (1,) + (0,) * (array.ndim - axis - 1)]) - origin
        for axis, size in enumerate(array.shape)
    )
    expected = np.full(array.shape, origin)
    for grid, stride in zip(np.indices(array.shape), strides):
        expected = expected + stride * grid
    return Affine(origin, strides) if np.array_equal(expected, array) else None


def _merge(shape: tuple[int, ...], operands: list[Affine]) -> Nest:
    """Drop axes of length one and join neighbours that every operand walks through evenly."""
    sizes: list[int] = []
    strides: list[list[int]] = [[] for _ in operands]
    for axis, size in enumerate(shape):
        if size == 1:
            continue
        joins = sizes and all(s[-1] == operand.strides[axis] * size for s, operand in zip(strides, operands))
        if joins:
            sizes[-1] *= size
            for s, operand in zip(strides, operands):
                s[-1] = operand.strides[axis]
        else:
            sizes.append(size)
            for s, operand in zip(strides, operands):
                s.append(operand.strides[axis])
    return Nest(tuple(sizes), [Affine(operand.offset, tuple(s)) for operand, s in zip(operands, strides)])
