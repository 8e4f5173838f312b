"""The benchmark networks: ONNX from a seed, and what they compute in float64, written a second time in numpy.

Every consumer takes the same four, so that instructions, bytes and errors of different generators
are of the same weights. Recurrent layers keep their state between steps and begin from zeros on ``reset``.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from tests.bench.layers import Convolution, Graph, Gru, Linear, elu

Step = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
"""observation (n,) and state (s,) -> action (a,) and next state (s,), float64."""


@dataclass(frozen=True)
class Run:
    """Consecutive steps of one policy, its own state coming back to it; float32, first axis the steps.

    Attributes:
        observation: (steps, observation_size).
        reset: (steps,), 1 on the first step.
        state_before: (steps, state_size), zeros before the first.
        action: (steps, action_size), computed in float64.
        state: (steps, state_size) after each step.
    """

    observation: np.ndarray
    reset: np.ndarray
    state_before: np.ndarray
    action: np.ndarray
    state: np.ndarray


@dataclass(frozen=True)
class Network:
    """A benchmark network.

    Attributes:
        name: key in ``NETWORKS`` and prefix of its figures.
        description: layers in a line, for tables.
        model: ONNX.
        observation_size: floats, all inputs together in the graph's order.
        state_size: floats; 0 without memory.
        action_size: floats.
        step: the same function in float64.
    """

    name: str
    description: str
    model: bytes
    observation_size: int
    state_size: int
    action_size: int
    step: Step

    def run(self, steps: int = 16, seed: int = 1) -> Run:
        """Return ``steps`` steps on seeded standard normal observations, reference actions and states."""
        observation = np.random.default_rng(seed).normal(size=(steps, self.observation_size)).astype(np.float32)
        states = [np.zeros(self.state_size)]
        actions = []
        for row in observation.astype(np.float64):
            action, state = self.step(row, states[-1])
            actions.append(action)
            states.append(state)
        before, after = np.array(states[:-1], np.float32), np.array(states[1:], np.float32)
        reset = (np.arange(steps) == 0).astype(np.float32)
        return Run(observation, reset, before, np.array(actions, np.float32), after)


def load_network(name: str) -> Network:
    """Make a network of ``NETWORKS``."""
    return NETWORKS[name]()


MLPS = {
    "mlp64": ((146, 64, 64, 4), "Tanh", np.tanh),
    "mlp512": ((96, 512, 256, 128, 12), "Elu", elu),
}
"""Name -> layer sizes, ONNX operator and function of the hidden layers."""


def mlp_layers(name: str) -> list[Linear]:
    """Return the layers of a network of ``MLPS``, for generators that do not read ONNX."""
    rng = np.random.default_rng(0)
    return [Linear.random(rng, *pair) for pair in itertools.pairwise(MLPS[name][0])]


def _mlp(name: str) -> Network:
    sizes, operator, function = MLPS[name]
    layers = mlp_layers(name)
    graph, value = Graph(name), "observation"
    for i, layer in enumerate(layers[:-1]):
        value = graph.add(operator, [layer.add_to(graph, value, f"linear{i}")], f"hidden{i}")
    layers[-1].add_to(graph, value, "action")

    def step(observation: np.ndarray, state: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        x = observation
        for layer in layers[:-1]:
            x = function(layer(x))
        return layers[-1](x), state

    model = graph.model({"observation": sizes[:1]}, {"action": sizes[-1:]})
    return Network(name, f"{'-'.join(map(str, sizes))}, {operator.lower()}", model, sizes[0], 0, sizes[-1], step)


GRU_SIZE = 64


def _gru64() -> Network:
    """22 observations -> GRU of 64 -> 4 actions through tanh."""
    inputs, outputs = 22, 4
    rng = np.random.default_rng(0)
    gru, head = Gru.random(rng, inputs, GRU_SIZE), Linear.random(rng, GRU_SIZE, outputs)
    graph = Graph("gru64")
    graph.add("Tanh", [head.add_to(graph, gru.add_to(graph, "observation"), "head")], "action")

    def step(observation: np.ndarray, state: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        state = gru(observation, state)
        return np.tanh(head(state)), state

    model = graph.model(
        {"observation": (inputs,), "state_in": (GRU_SIZE,), "reset": (1,)},
        {"action": (outputs,), "state_out": (GRU_SIZE,)},
    )
    return Network("gru64", "22, GRU 64, 4, tanh", model, inputs, GRU_SIZE, outputs, step)


TACTILE_SHAPE = (3, 14, 10)
"""Force components x, y, z of a pad with 14 x 10 taxels."""


def _tactile_cnn() -> Network:
    """A pad of 14 x 10 x 3 forces and 12 joint values -> convolutions -> soft-argmax -> GRU of 64 -> 6 actions.

    Convolutions 3 -> 8 and, with stride 2, 8 -> 16 channels; of each the spatial soft-argmax (Finn et al.,
    Deep Spatial Autoencoders, 2016): where on the pad the channel is strongest, as two numbers in [-1, 1].
    """
    joints, outputs, channels = 12, 6, 16
    rng = np.random.default_rng(0)
    first, second = Convolution.random(rng, 3, 8, 1), Convolution.random(rng, 8, channels, 2)
    grid = _grid(7, 5)
    gru = Gru.random(rng, joints + 2 * channels, GRU_SIZE)
    head = Linear.random(rng, GRU_SIZE, outputs)

    graph = Graph("tactile_cnn")
    image = second.add_to(graph, first.add_to(graph, "tactile", "conv0"), "conv1")
    flat = graph.add("Reshape", [image, graph.constant("pixels", np.array([0, channels, -1]))], "flat")
    where = graph.add("MatMul", [graph.add("Softmax", [flat], "attention", axis=2), graph.constant("grid", grid)], "at")
    features = graph.add("Concat", ["observation", graph.add("Flatten", [where], "points")], "features", axis=1)
    graph.add("Tanh", [head.add_to(graph, gru.add_to(graph, features), "head")], "action")

    def step(observation: np.ndarray, state: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        pixels = second(first(observation[joints:].reshape(TACTILE_SHAPE))).reshape(channels, -1)
        weights = np.exp(pixels - pixels.max(axis=1, keepdims=True))
        points = weights / weights.sum(axis=1, keepdims=True) @ grid.astype(np.float64)
        state = gru(np.concatenate([observation[:joints], points.ravel()]), state)
        return np.tanh(head(state)), state

    model = graph.model(
        {"observation": (joints,), "tactile": TACTILE_SHAPE, "state_in": (GRU_SIZE,), "reset": (1,)},
        {"action": (outputs,), "state_out": (GRU_SIZE,)},
    )
    description = "14x10x3 + 12, conv 8, conv 16 / 2, soft-argmax, GRU 64, 6, tanh"
    size = joints + int(np.prod(TACTILE_SHAPE))
    return Network("tactile_cnn", description, model, size, GRU_SIZE, outputs, step)


def _grid(rows: int, columns: int) -> np.ndarray:
    """Return (rows columns, 2): each pixel's place, row and column, in [-1, 1]."""
    row, column = np.meshgrid(np.linspace(-1.0, 1.0, rows), np.linspace(-1.0, 1.0, columns), indexing="ij")
    return np.stack([row.ravel(), column.ravel()], axis=1).astype(np.float32)


NETWORKS: dict[str, Callable[[], Network]] = {
    **{name: partial(_mlp, name) for name in MLPS},
    "gru64": _gru64,
    "tactile_cnn": _tactile_cnn,
}
"""Name -> maker."""


def measure(repeats: int = 1) -> dict[str, object]:
    """Return ``NETWORK.network``, its layers, and ``NETWORK.float.FIGURE`` of every network (``network_costs``).

    Args:
        repeats: ignored; the figures do not vary from run to run.
    """
    from firmware_export.onnx_to_c import generate
    from tests.bench.network_costs import excerpt_of, measure_costs

    figures: dict[str, object] = {}
    for name in NETWORKS:
        network = load_network(name)
        figures[f"{name}.network"] = network.description
        files = generate(network.model, excerpt=excerpt_of(network.run(2))).files
        figures |= {f"{name}.float.{key}": value for key, value in measure_costs(network, files).items()}
    return figures
