"""Random ONNX policies within the operators that the C generator knows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from onnx import TensorProto, helper, numpy_helper

LARGEST = 600
"""Elements of a tensor, so that code stays small."""
MOST_ACTIONS = 24


@dataclass(frozen=True)
class Tensor:
    """A value of the graph; the first axis is the batch of one."""

    name: str
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        return int(np.prod(self.shape))


@dataclass
class RandomGraph:
    """A model and the lengths of its arrays."""

    model: bytes
    observation: int
    state: int
    action: int
    operators: list[str]


@dataclass
class GraphMaker:
    """Adds random nodes to a graph."""

    rng: np.random.Generator
    nodes: list[object] = field(default_factory=list)
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

    def chance(self, share: float) -> bool:
        """Return true this often."""
        return bool(self.rng.random() < share)

    def choose(self, *values: object) -> object:
        """Return one of the values."""
        return values[self.rng.integers(len(values))]

    # Shapes ----------------------------------------------------------------------------------

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

    def to_rank(self) -> Tensor:
        return self.reshape(self.pick(), int(self.rng.integers(2, 5)))

    def transpose(self) -> Tensor:
        x = self.pick(int(self.choose(3, 4)))  # type: ignore[call-overload]
        axes = [0, *(1 + self.rng.permutation(len(x.shape) - 1))]
        return self.node("Transpose", [x.name], tuple(x.shape[a] for a in axes), perm=[int(a) for a in axes])

    def slice(self) -> Tensor:
        x = self.pick()
        axis = int(self.rng.integers(1, len(x.shape)))
        start, step = int(self.rng.integers(x.shape[axis])), int(self.rng.integers(1, 3))
        count = len(range(start, x.shape[axis], step))
        ends = (self.integers(start), self.integers(x.shape[axis]), self.integers(axis), self.integers(step))
        return self.node("Slice", [x.name, *ends], (*x.shape[:axis], count, *x.shape[axis + 1 :]))

    def gather(self) -> Tensor:
        x = self.pick()
        axis = int(self.rng.integers(1, len(x.shape)))
        index = self.rng.integers(0, x.shape[axis], self.rng.integers(1, 6))
        shape = (*x.shape[:axis], len(index), *x.shape[axis + 1 :])
        return self.node("Gather", [x.name, self.integers(*map(int, index))], shape, axis=axis)

    def concat(self) -> Tensor:
        x = self.pick()
        axis = int(self.rng.integers(1, len(x.shape)))
        fit = [t for t in self.tensors if t.shape[:axis] + t.shape[axis + 1 :] == x.shape[:axis] + x.shape[axis + 1 :]]
        fit = [t for t in fit if len(t.shape) == len(x.shape)] or [x]
        y = fit[self.rng.integers(len(fit))]
        shape = (*x.shape[:axis], x.shape[axis] + y.shape[axis], *x.shape[axis + 1 :])
        return self.node("Concat", [x.name, y.name], shape, axis=axis)

    def tile(self) -> Tensor:
        x = self.pick()
        repeats = [1, *(int(n) for n in self.rng.integers(1, 3, len(x.shape) - 1))]
        return self.node("Tile", [x.name, self.integers(*repeats)], tuple(a * b for a, b in zip(x.shape, repeats)))

    def pad(self) -> Tensor:
        x = self.pick()
        mode = str(self.choose("constant", "edge", "reflect"))
        room = [0, *(min(2, n - 1) for n in x.shape[1:])]
        before, after = ([int(self.rng.integers(0, n + 1)) for n in room] for _ in range(2))
        value = [self.constant(np.float32(self.rng.normal()))] if mode == "constant" else []
        shape = tuple(a + b + n for a, b, n in zip(before, after, x.shape))
        return self.node("Pad", [x.name, self.integers(*before, *after), *value], shape, mode=mode)

    # Arithmetic ------------------------------------------------------------------------------

    def unary(self) -> Tensor:
        x = self.pick()
        return self.node(str(self.choose(*UNARY)), [x.name], x.shape)

    def parametrised(self) -> Tensor:
        x = self.pick()
        op = str(self.choose("Elu", "LeakyRelu", "Celu", "Selu", "HardSigmoid", "ThresholdedRelu"))
        return self.node(op, [x.name], x.shape, alpha=float(self.rng.uniform(0.1, 1.5)))

    def with_constant(self) -> Tensor:
        x = self.pick()
        shape = tuple(n if self.chance(0.5) else 1 for n in x.shape)
        names = [x.name, self.random(*shape[int(self.rng.integers(len(shape))) :])]
        if self.chance(0.5):
            names.reverse()
        return self.node(str(self.choose(*BINARY)), names, x.shape)

    def of_two(self) -> Tensor:
        x = self.pick()
        same = [tensor for tensor in self.tensors if tensor.shape == x.shape]
        y = same[self.rng.integers(len(same))] if same else x
        return self.node(str(self.choose(*BINARY)), [x.name, y.name], x.shape)

    def clip(self) -> Tensor:
        x = self.pick()
        low, high = sorted(self.rng.normal(size=2).astype(np.float32))
        bounds = [self.constant(low) if self.chance(0.8) else "", self.constant(high)]
        return self.node("Clip", [x.name, *bounds], x.shape)

    def where(self) -> Tensor:
        x = self.pick()
        test = self.node(str(self.choose("Less", "Greater", "LessOrEqual")), [x.name, self.random(1)], x.shape)
        if self.chance(0.3):
            test = self.node("Not", [test.name], x.shape)
        if self.chance(0.3):
            return self.node("Cast", [test.name], x.shape, to=TensorProto.FLOAT)
        return self.node("Where", [test.name, x.name, self.random(*x.shape[1:])], x.shape)

    # Layers ----------------------------------------------------------------------------------

    def gemm(self) -> Tensor:
        x = self.flat(self.pick())
        return self.dense_to(x, int(self.rng.integers(1, 40)))

    def dense_to(self, x: Tensor, outputs: int) -> Tensor:
        """Add a dense layer."""
        weight = self.random(x.size, outputs, scale=x.size**-0.5)
        return self.node("Gemm", [x.name, weight, self.random(outputs)], (1, outputs))

    def matmul(self) -> Tensor:
        x = self.pick()
        outputs = int(self.rng.integers(1, 20))
        weight = self.random(x.shape[-1], outputs, scale=x.shape[-1] ** -0.5)
        return self.node("MatMul", [x.name, weight], (*x.shape[:-1], outputs))

    def reduce(self) -> Tensor:
        x = self.pick()
        axis = int(self.rng.integers(1, len(x.shape)))
        op = str(self.choose("ReduceSum", "ReduceMean", "ReduceL2", "ReduceMax", "ReduceMin"))
        shape = (*x.shape[:axis], 1, *x.shape[axis + 1 :])
        return self.node(op, [x.name, self.integers(axis)], shape, keepdims=1)

    def softmax(self) -> Tensor:
        x = self.pick()
        axis = int(self.rng.integers(1, len(x.shape)))
        return self.node(str(self.choose("Softmax", "LogSoftmax")), [x.name], x.shape, axis=axis)

    def layer_norm(self) -> Tensor:
        x = self.pick()
        inputs = [x.name, self.random(x.shape[-1]), self.random(x.shape[-1])]
        return self.node("LayerNormalization", inputs, x.shape, axis=-1, epsilon=1e-2)

    def batch_norm(self) -> Tensor:
        x = self.pick(4)
        positive = [self.constant(self.rng.uniform(0.5, 2.0, x.shape[1]).astype(np.float32)) for _ in range(2)]
        inputs = [x.name, positive[0], self.random(x.shape[1]), self.random(x.shape[1]), positive[1]]
        return self.node("BatchNormalization", inputs, x.shape)

    def _moves(self, x: Tensor) -> tuple[dict[str, list[int]], tuple[int, ...], list[int]]:
        axes = len(x.shape) - 2
        kernel = [int(self.rng.integers(1, min(4, n) + 1)) for n in x.shape[2:]]
        pads = [int(self.rng.integers(0, k)) for k in kernel * 2] if self.chance(0.5) else [0] * (2 * axes)
        strides = [int(self.rng.integers(1, 3)) for _ in range(axes)]
        room = [(n - 1) // (k - 1) if k > 1 else 1 for n, k in zip(x.shape[2:], kernel)]
        dilations = [int(self.rng.integers(1, min(r, 2) + 1)) if self.chance(0.2) else 1 for r in room]
        places = tuple(
            (n + pads[i] + pads[i + axes] - (k - 1) * d - 1) // s + 1
            for i, (n, k, s, d) in enumerate(zip(x.shape[2:], kernel, strides, dilations))
        )
        return {"pads": pads, "strides": strides, "dilations": dilations}, places, kernel

    def conv(self) -> Tensor:
        x = self.pick(int(self.choose(3, 4)))  # type: ignore[call-overload]
        moves, places, kernel = self._moves(x)
        groups = [g for g in (1, 1, 2, x.shape[1]) if x.shape[1] % g == 0]
        group = int(groups[self.rng.integers(len(groups))])
        outputs = group * int(self.rng.integers(1, max(24 // group, 1) + 1))
        weight = self.random(outputs, x.shape[1] // group, *kernel, scale=0.3)
        inputs = [x.name, weight, *([self.random(outputs)] if self.chance(0.7) else [])]
        return self.node("Conv", inputs, (1, outputs, *places), group=group, **moves)

    def pool(self) -> Tensor:
        x = self.pick(4)
        moves, places, kernel = self._moves(x)
        if self.chance(0.5):
            return self.node("MaxPool", [x.name], (1, x.shape[1], *places), kernel_shape=kernel, **moves)
        del moves["dilations"]
        dilated = any(p != q for p, q in zip(places, self._undilated(x, moves, kernel)))
        places = self._undilated(x, moves, kernel) if dilated else places
        border = int(self.rng.integers(2))
        shape = (1, x.shape[1], *places)
        return self.node("AveragePool", [x.name], shape, kernel_shape=kernel, count_include_pad=border, **moves)

    def _undilated(self, x: Tensor, moves: dict[str, list[int]], kernel: list[int]) -> tuple[int, ...]:
        pads, strides = moves["pads"], moves["strides"]
        return tuple(
            (n + pads[i] + pads[i + 2] - k) // s + 1 for i, (n, k, s) in enumerate(zip(x.shape[2:], kernel, strides))
        )

    def global_pool(self) -> Tensor:
        x = self.pick(4)
        return self.node(str(self.choose("GlobalAveragePool", "GlobalMaxPool")), [x.name], (*x.shape[:2], 1, 1))

    def recurrent(self) -> Tensor:
        x = self.flat(self.pick())
        size = int(self.rng.integers(1, 20))
        gates = 3 if self.chance(0.5) else 4
        sequence = self.node("Unsqueeze", [x.name, self.integers(0)], (1, 1, x.size))
        weights = [
            self.random(1, gates * size, x.size, scale=x.size**-0.5),
            self.random(1, gates * size, size, scale=0.4),
            self.random(1, 2 * gates * size, scale=0.3),
        ]
        hidden = self._memory(size)
        before = [hidden.name] if gates == 3 else [hidden.name, self._memory(size).name]
        extra = {"linear_before_reset": int(self.rng.integers(2))} if gates == 3 else {}
        op = "GRU" if gates == 3 else "LSTM"
        out = self.node(op, [sequence.name, *weights, "", *before], (1, 1, 1, size), hidden_size=size, **extra)
        return self.node("Reshape", [out.name, self.integers(1, size)], (1, size))

    def _memory(self, size: int) -> Tensor:
        x = self.dense_to(self.flat(self.pick()), size)
        return self.node("Unsqueeze", [self.node("Tanh", [x.name], x.shape).name, self.integers(0)], (1, 1, size))


_UNARY_NAMES = (
    "Neg Abs Exp Sin Cos Atan Floor Ceil Relu Sigmoid Tanh Softplus Sign Erf HardSwish Softsign Identity Sqrt Log "
    "Reciprocal Mish"
)
UNARY = tuple(_UNARY_NAMES.split())
BINARY = ("Add", "Sub", "Mul", "Div", "Max", "Min")
Step = Callable[[GraphMaker], Tensor]
STEPS: tuple[tuple[Step, int], ...] = (
    (GraphMaker.unary, 5),
    (GraphMaker.parametrised, 2),
    (GraphMaker.with_constant, 4),
    (GraphMaker.of_two, 3),
    (GraphMaker.clip, 1),
    (GraphMaker.where, 1),
    (GraphMaker.to_rank, 2),
    (GraphMaker.transpose, 2),
    (GraphMaker.slice, 1),
    (GraphMaker.gather, 1),
    (GraphMaker.concat, 2),
    (GraphMaker.tile, 1),
    (GraphMaker.pad, 1),
    (GraphMaker.gemm, 4),
    (GraphMaker.matmul, 2),
    (GraphMaker.reduce, 2),
    (GraphMaker.softmax, 1),
    (GraphMaker.layer_norm, 1),
    (GraphMaker.batch_norm, 1),
    (GraphMaker.conv, 4),
    (GraphMaker.pool, 2),
    (GraphMaker.global_pool, 1),
    (GraphMaker.recurrent, 1),
)
"""What is added, and how often."""


def random_graph(seed: int) -> RandomGraph:
    """Return the policy of this seed."""
    rng = np.random.default_rng(seed)
    maker = GraphMaker(rng)
    observation, state = int(rng.integers(1, 61)), int(rng.integers(1, 17)) if rng.random() < 0.4 else 0
    maker.tensors.append(Tensor("observation", (1, observation)))
    if state:
        maker.tensors.append(_state(maker, state))
    weights = np.array([weight for _, weight in STEPS], float)
    for _ in range(int(rng.integers(2, 11))):
        step, _ = STEPS[rng.choice(len(STEPS), p=weights / weights.sum())]
        tensor = step(maker)
        while tensor.size > LARGEST:
            axis = int(np.argmax(tensor.shape))
            half = (*tensor.shape[:axis], tensor.shape[axis] // 2, *tensor.shape[axis + 1 :])
            ends = (maker.integers(0), maker.integers(half[axis]), maker.integers(axis))
            tensor = maker.node("Slice", [tensor.name, *ends], half)
        maker.tensors.append(tensor)
    action = _output(maker, "action", MOST_ACTIONS)
    if state:
        new = maker.dense_to(maker.flat(maker.pick()), state)
        maker.nodes.append(helper.make_node("Tanh", [new.name], ["state_out"], name="state_out"))
    return RandomGraph(_model(maker, observation, state), observation, state, action, _operators(maker))


def _state(maker: GraphMaker, size: int) -> Tensor:
    first = maker.node("Greater", ["reset", maker.constant(np.float32(0.5))], (1, 1))
    return maker.node("Where", [first.name, maker.random(1, size), "state_in"], (1, size))


def _output(maker: GraphMaker, name: str, most: int) -> int:
    last = maker.flat(maker.tensors[-1])
    size = min(last.size, most)
    ends = (maker.integers(0), maker.integers(size), maker.integers(1))
    maker.nodes.append(helper.make_node("Slice", [last.name, *ends], [name], name=name))
    return size


def _operators(maker: GraphMaker) -> list[str]:
    return [node.op_type for node in maker.nodes]  # type: ignore[attr-defined]


def _model(maker: GraphMaker, observation: int, state: int) -> bytes:
    sizes = {"observation": observation} | ({"state_in": state, "reset": 1} if state else {})
    graph = helper.make_graph(
        maker.nodes,  # type: ignore[arg-type]
        "random",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, size]) for name, size in sizes.items()],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, None)  # type: ignore[arg-type]
            for name in ("action", *(("state_out",) if state else ()))
        ],
        [numpy_helper.from_array(value, name) for name, value in maker.constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    return model.SerializeToString()
