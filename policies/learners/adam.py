"""Adam (Kingma and Ba 2015, arXiv 1412.6980, algorithm 1) on one flat float32 vector, with norm clipping."""
# ruff: noqa: ANN001, ANN202

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


class Adam:
    """Optimiser state of one flat parameter vector."""

    def __init__(self, size: int, *, beta1: float = 0.9, beta2: float = 0.999, max_norm: float = 1.0) -> None:
        self.beta1, self.beta2, self.max_norm = beta1, beta2, max_norm
        self.mean = np.zeros(size, np.float32)
        self.square = np.zeros(size, np.float32)
        self.count = 0

    def step(self, parameters: NDArray[np.float32], gradient: NDArray[np.float32], rate: float) -> float:
        """Update ``parameters`` in place; a gradient that is not finite is skipped.

        Returns:
            The gradient's Euclidean norm before clipping.
        """
        norm = float(np.sqrt(np.dot(gradient, gradient)))
        if not np.isfinite(norm):
            return norm
        self.count += 1
        shrink = min(1.0, self.max_norm / (norm + 1e-12))
        correction1, correction2 = 1.0 - self.beta1**self.count, 1.0 - self.beta2**self.count
        scalars = np.array([shrink, self.beta1, self.beta2, rate / correction1, 1.0 / correction2, 1e-8], np.float32)
        _update(parameters, gradient, self.mean, self.square, scalars)
        return norm

    def state(self) -> dict[str, NDArray]:
        """Return copies of everything that ``load`` needs."""
        return {"mean": self.mean.copy(), "square": self.square.copy(), "count": np.array(self.count)}

    def load(self, state: dict[str, NDArray]) -> None:
        """Restore what ``state`` returned."""
        self.mean[:], self.square[:], self.count = state["mean"], state["square"], int(state["count"])


@njit(cache=True, error_model="numpy")
def _update(parameters, gradient, mean, square, scalars):
    shrink, beta1, beta2, rate, correction2, epsilon = scalars
    one = np.float32(1.0)
    for i in range(parameters.size):
        g = gradient[i] * shrink
        mean[i] = beta1 * mean[i] + (one - beta1) * g
        square[i] = beta2 * square[i] + (one - beta2) * g * g
        parameters[i] -= rate * mean[i] / (np.sqrt(square[i] * correction2) + epsilon)
