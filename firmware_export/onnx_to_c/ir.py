"""The generator's small intermediate representation: buffers, views and three statements.

Every run-time tensor is a ``View``: an integer array, shaped like the tensor, that holds for each
element its position in a flat ``Buffer``. Reshape, transpose, slice, split, expand and gather are
then numpy operations on that integer array and cost nothing at run time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np

from firmware_export.onnx_to_c.quantized import Quantized
from sim.errors import BundleError

Role = Literal["observation", "state_in", "reset", "workspace", "action", "state_out"]


class UnsupportedModelError(BundleError):
    """A graph that the C generator cannot translate; the message names the node."""


@dataclass(eq=False)
class Buffer:
    """A flat run of floats, written by one or more statements before it is read."""

    name: str
    size: int
    is_bool: bool = False
    """Stored as 0.0f and 1.0f."""
    role: Role = "workspace"


@dataclass(frozen=True, eq=False)
class View:
    """A tensor whose elements lie in ``buffer`` at ``index`` (int64, shaped like the tensor)."""

    buffer: Buffer
    index: np.ndarray

    @classmethod
    def of(cls, buffer: Buffer, shape: tuple[int, ...]) -> View:
        """Return the whole buffer in row-major order."""
        return cls(buffer, np.arange(buffer.size).reshape(shape))

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the tensor."""
        return self.index.shape

    @property
    def is_whole(self) -> bool:
        """Whether it is all of its buffer, in order."""
        return self.index.size == self.buffer.size and self.is_contiguous and self.start == 0

    @property
    def is_contiguous(self) -> bool:
        """Whether its elements lie one after the other."""
        flat = self.index.ravel()
        return flat.size > 0 and bool(np.array_equal(flat, flat[0] + np.arange(flat.size)))

    @property
    def start(self) -> int:
        """Position of the first element."""
        return int(self.index.ravel()[0])


@dataclass(frozen=True, eq=False)
class Constant:
    """A tensor known when the code is generated."""

    data: np.ndarray

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the tensor."""
        return self.data.shape


Value: TypeAlias = View | Constant


@dataclass(frozen=True, eq=False)
class Apply:
    """An element-wise function (a key of ``operators.C_EXPRESSION``) of broadcast arguments."""

    function: str
    arguments: tuple[Expression, ...]
    is_bool: bool = False


Expression: TypeAlias = Apply | View | Constant


@dataclass(eq=False)
class Map:
    """``output[target[i]] = expression(i)`` over all indices ``i``, in row-major order."""

    output: Buffer
    target: np.ndarray
    """Position of every result, int64, shaped like the results."""
    expression: Expression
    nodes: list[str] = field(default_factory=list)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the results."""
        return self.target.shape

    @property
    def is_whole(self) -> bool:
        """Whether it writes all of its buffer, in order."""
        return View(self.output, self.target).is_whole


@dataclass(frozen=True)
class Loop:
    """A dense layer applied at ``count`` places, whose inputs and results lie this far apart."""

    count: int
    input_stride: int
    output_stride: int


@dataclass(eq=False)
class Dense:
    """``output = weight^T input + bias``; ``weight`` is (inputs, outputs).

    The inputs of one place are ``runs`` contiguous pieces of equal length, ``run_stride`` apart: one
    for a layer, one per row of the kernel for a convolution over pixels whose channels lie together.
    """

    output: Buffer
    start: int
    input: View
    """All that is read, contiguous; the first place begins at its start."""
    weight: np.ndarray
    bias: np.ndarray
    nodes: list[str] = field(default_factory=list)
    loops: tuple[Loop, ...] = ()
    runs: int = 1
    run_stride: int = 0
    quantized: Quantized | None = None
    """The same layer in integers, if it is to be computed so."""


@dataclass(eq=False)
class Reduce:
    """``output[i] = finish(reduction over j of step(input[i, j]))``, ``i`` in row-major order."""

    output: Buffer
    kind: Literal["sum", "mean", "l2", "max", "min", "dot"]
    input: View
    kept: int
    """How many of the input's axes, from the first, are kept; the others are reduced."""
    second: Value | None = None
    """The other factor of ``dot``, shaped like ``input``."""
    nodes: list[str] = field(default_factory=list)


def quantized_inputs(layer: Dense) -> int:
    """Return how many inputs of a layer, from its first, are put in integers: all that its places read."""
    return layer.input.index.size if layer.loops or layer.runs > 1 else len(layer.weight)


Statement: TypeAlias = Map | Dense | Reduce


@dataclass
class Program:
    """A whole policy: what it reads, what it does, and where its results are."""

    inputs: dict[str, Buffer]
    statements: list[Statement]
    outputs: dict[str, Value]
    layout: list[str] = field(default_factory=list)
    """Where inputs and states of several tensors lie, a line each."""


def scalar(value: float) -> Constant:
    """Return a float32 constant without dimensions."""
    return Constant(np.array(value, np.float32))


def leaves(expression: Expression) -> list[View | Constant]:
    """Return the operands at the ends of an expression, left to right."""
    if isinstance(expression, Apply):
        return [leaf for argument in expression.arguments for leaf in leaves(argument)]
    return [expression]


def reads(statement: Statement) -> list[View]:
    """Return the views that a statement reads."""
    if isinstance(statement, Map):
        return [leaf for leaf in leaves(statement.expression) if isinstance(leaf, View)]
    if isinstance(statement, Reduce) and isinstance(statement.second, View):
        return [statement.input, statement.second]
    return [statement.input]


def is_bool(expression: Expression) -> bool:
    """Return whether an expression is a truth value."""
    if isinstance(expression, View):
        return expression.buffer.is_bool
    if isinstance(expression, Constant):
        return expression.data.dtype == np.bool_
    return expression.is_bool
