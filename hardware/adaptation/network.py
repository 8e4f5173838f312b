"""A small network for learning one sample at a time: forward, and the gradient of a weighted sum of its outputs.

Layer normalisation and sparse beginnings are what keeps single samples from disturbing everything that was learnt
(Elsayed, Vasan, Mahmood, "Streaming Deep Reinforcement Learning Finally Works", arXiv 2410.14606, 2024).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

SPARSITY = 0.9
"""Share of a unit's inputs that begin without weight (arXiv 2410.14606)."""
LEAK = 0.01
"""Slope of the leaky rectifier below zero."""
NORM_EPSILON = 1e-5
"""Added to the variance in layer normalisation."""


class Network:
    """Fully connected layers, each but the last with layer normalisation (without gain) and a leaky rectifier.

    Args:
        sizes: of the input, of every hidden layer and of the output; two numbers make it linear.
        rng: of the weights' beginnings.
        zero_output: begin with an output of zero, whatever the input.
    """

    def __init__(self, sizes: Sequence[int], rng: np.random.Generator, zero_output: bool = False) -> None:
        self.shapes = [(out, into) for into, out in itertools.pairwise(sizes)]
        self.parameters: Array = np.zeros(sum(out * (into + 1) for out, into in self.shapes))
        """(p,) weights (row-major) and biases, layer by layer; written in place."""
        self._layers = self._views(self.parameters)
        for weight, _ in self._layers[: -1 if zero_output else None]:
            weight[:] = sparse_weights(weight.shape, rng)

    def __call__(self, inputs: Array) -> Array:
        """Return the outputs, (sizes[-1],), and keep what ``gradient`` needs.

        Args:
            inputs: (sizes[0],).
        """
        self._tape: list[tuple[Array, Array, float]] = []
        for weight, bias in self._layers[:-1]:
            before = weight @ inputs + bias
            spread = math.sqrt(float(before.var()) + NORM_EPSILON)
            normal = (before - before.mean()) / spread
            self._tape.append((inputs, normal, spread))
            inputs = np.where(normal > 0.0, normal, LEAK * normal)
        self._last = inputs
        weight, bias = self._layers[-1]
        return weight @ inputs + bias

    def gradient(self, weights: Array) -> Array:
        """Return the gradient of ``weights @ outputs`` of the last call by ``parameters``, (p,).

        Args:
            weights: (sizes[-1],).
        """
        result = np.empty_like(self.parameters)
        views = self._views(result)
        views[-1][0][:], views[-1][1][:] = np.outer(weights, self._last), weights
        back = self._layers[-1][0].T @ weights
        for (inputs, normal, spread), (weight, _), (to_weight, to_bias) in zip(
            reversed(self._tape), reversed(self._layers[:-1]), reversed(views[:-1])
        ):
            slope = np.where(normal > 0.0, back, LEAK * back)
            # Through the layer's mean and spread, Ba, Kiros and Hinton, arXiv 1607.06450 (2016).
            before = (slope - slope.mean() - normal * (slope @ normal) / len(normal)) / spread
            to_weight[:], to_bias[:] = np.outer(before, inputs), before
            back = weight.T @ before
        return result

    def _views(self, flat: Array) -> list[tuple[Array, Array]]:
        views, start = [], 0
        for out, into in self.shapes:
            middle, stop = start + out * into, start + out * (into + 1)
            views.append((flat[start:middle].reshape(out, into), flat[middle:stop]))
            start = stop
        return views


def sparse_weights(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Return uniform weights within 1/sqrt(inputs) of zero, (outputs, inputs), most of each row exactly zero."""
    inputs = shape[1]
    weights = rng.uniform(-1.0, 1.0, shape) / math.sqrt(inputs)
    for row in weights:
        row[rng.permutation(inputs)[: math.ceil(SPARSITY * inputs) if inputs > 1 else 0]] = 0.0
    return weights
