"""What random graphs are built with: nodes, constants and the tensors so far."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import onnx
from onnx import helper


@dataclass(frozen=True)
class Tensor:
    """A value of the graph; the first axis is the batch of one."""

    name: str
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        return int(np.prod(self.shape))


@dataclass
class GraphBuilder:
    """Adds nodes to a graph and chooses among what is there."""

    rng: np.random.Generator
    opset: int
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: dict[str, np.ndarray] = field(default_factory=dict)
    tensors: list[Tensor] = field(default_factory=list)

    def node(self, op: str, inputs: list[str], shape: tuple[int, ...], **attributes: object) -> Tensor:
        """Add a node with one output of this shape."""
        name = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [name], name=f"{op}_{len(self.nodes)}", **attributes))
        return Tensor(name, shape)

    def constant(self, value: np.ndarray) -> str:
        """Add a constant."""
        name = f"c{len(self.constants)}"
        self.constants[name] = np.asarray(value)
        return name

    def random(self, *shape: int, scale: float = 1.0) -> str:
        """Add a float32 constant."""
        return self.constant(self.rng.normal(0.0, scale, shape).astype(np.float32))

    def integers(self, *values: int) -> str:
        """Add an int64 constant."""
        return self.constant(np.array(values, np.int64))

    def pick(self, rank: int | None = None) -> Tensor:
        """Return a tensor, recent ones first, with this number of axes."""
        known = [tensor for tensor in self.tensors[-4:] if rank is None or len(tensor.shape) == rank]
        if known:
            return known[self.rng.integers(len(known))]
        return self.reshape(self.tensors[-1], rank or 2)

    def axis(self, x: Tensor) -> int:
        """Return an axis other than the batch."""
        return int(self.rng.integers(1, len(x.shape)))

    def chance(self, share: float) -> bool:
        """Return true this often."""
        return bool(self.rng.random() < share)

    def choose(self, *values):
        """Return one of the values."""
        return values[self.rng.integers(len(values))]

    def reshape(self, x: Tensor, rank: int) -> Tensor:
        """Give a tensor another number of axes."""
        sizes, left = [], x.size
        for _ in range(rank - 2):
            factors = [n for n in range(1, 13) if left % n == 0]
            sizes.append(int(factors[self.rng.integers(len(factors))]))
            left //= sizes[-1]
        shape = (1, *sizes, left)
        return self.node("Reshape", [x.name, self.integers(*shape)], shape)

    def flat(self, x: Tensor) -> Tensor:
        """Return (1, size)."""
        return x if len(x.shape) == 2 else self.node("Flatten", [x.name], (1, x.size))

    def dense_to(self, x: Tensor, outputs: int) -> Tensor:
        """Add a dense layer."""
        weight = self.random(x.size, outputs, scale=x.size**-0.5)
        return self.node("Gemm", [x.name, weight, self.random(outputs)], (1, outputs))
