"""Two ways to the minimum: MuJoCo's box-constrained least squares, and the evolution strategy that PACE uses."""

from __future__ import annotations

import io
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.joints.problem import Problem
from sim.bodies.dynamics import QUANTITIES

Array = NDArray[np.float64]
LARGEST_ITERATIONS = 15
SMALLEST_STEP = 2e-4
"""Relative, of all parameters together: a fraction of their standard errors."""
CORRECTIONS = 2
UNIT_RAD = 1e-3
"""Of residuals, so that MuJoCo's damping from 1 to 1e8 spans what is between none and standing still."""
NEAR = 0.3
"""In ``SCALE``: over so little a Jacobian hardly changes."""
POPULATION, GENERATIONS = 16, 120
SPREAD = 1.0
"""Standard deviation at the start, in ``SCALE``."""
SEARCHED_S = 10.0
"""Of the log, its end, that the evolution strategy looks at: it simulates twenty times as often."""


@dataclass(frozen=True)
class Solution:
    """Where a search ended.

    Attributes:
        x: ``(6 n,)`` in ``SCALE``.
        iterations: of Gauss-Newton, or generations.
        simulations: of the log at the Jacobian's step.
        cpu_s: of this process.
        jacobian: ``(k n, 6 n)`` at ``x`` or close to it; ``None`` where none was made.
    """

    x: Array
    iterations: int
    simulations: float
    cpu_s: float
    jacobian: Array | None = None


class _Slopes:
    """The Jacobian, made anew only where the last one is far: near the minimum it hardly changes."""

    def __init__(self, problem: Problem) -> None:
        self._problem, self._at = problem, np.full(problem.low.size, np.inf)
        self._jacobian = np.zeros((0, 0))

    def __call__(self, x: Array, _residual: Array | None = None) -> Array:
        x = x.reshape(-1)
        if np.abs(x - self._at).max() > NEAR:
            self._at, self._jacobian = x.copy(), self._problem.jacobian(x)
        return self._jacobian


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence the warning of a start at a bound: a search that goes on where the last one ended may well be there."""
    logger = logging.getLogger("absl")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def solve_least_squares(problem: Problem, start: Array) -> Solution:
    """Minimise with ``mujoco.sysid``: Gauss-Newton within bounds, with damping where it does not descend.

    The search runs on the coarse model. What the fine one says at its end, less what the coarse one does, is then
    added to the coarse one's readings, and the search goes on from there (space mapping: Bandler and others 1994).

    Args:
        problem: of one log.
        start: ``(6 n,)`` in ``SCALE``.
    """
    from mujoco import sysid

    began, counted = time.process_time(), problem.simulations
    slopes, x, iterations = _Slopes(problem), start, 0
    correction = np.zeros_like(problem.readings)
    for _ in range(1 + CORRECTIONS):

        def residual(x: Array, _parameters: object, correction: Array = correction) -> tuple[list[Array], None, None]:
            seen = problem.predict(problem.coarse, x.reshape(1, -1))[0]
            return [((seen + correction - problem.readings) / UNIT_RAD).reshape(-1, 1)], None, None

        joints = sysid.Parameter("joints", x, problem.low.reshape(-1), problem.high.reshape(-1))
        with _quiet():
            _, result = sysid.optimize(
                sysid.ParameterDict({"joints": joints}), residual, optimizer="mujoco", verbose=False,
                jacobian=lambda x, _residual: slopes(x) / UNIT_RAD,
                max_iters=LARGEST_ITERATIONS, xtol=SMALLEST_STEP, mu_min=1.0, mu_factor=10.0, output=io.StringIO(),
            )  # fmt: skip
        x = result.x.reshape(-1)
        iterations += len(result.extras["objective"]) - 1
        correction = (problem.predict(problem.fine, x[None]) - problem.predict(problem.coarse, x[None]))[0]
    return Solution(x, iterations, problem.simulations - counted, time.process_time() - began, slopes(x))


def solve_evolution(problem: Problem, start: Array, seed: int = 0, generations: int = GENERATIONS) -> Solution:
    """Minimise with CMA-ES, each limb a search of its own, all of them in the same simulations.

    Args:
        problem: of one log.
        start: ``(6 n,)`` in ``SCALE``.
        seed: of the search.
        generations: of ``POPULATION`` simulations each.
    """
    from cmaes import CMA

    began, counted, n = time.process_time(), problem.simulations, problem.joints
    limbs = [np.flatnonzero(problem.coarse.branch == limb) for limb in range(int(problem.coarse.branch.max()) + 1)]
    low, high = problem.low, problem.high
    middle = np.clip(start, low.reshape(-1), high.reshape(-1)).reshape(-1, n)
    searches = [
        CMA(
            middle[:, limb].reshape(-1), SPREAD,
            bounds=np.stack([low[:, limb].reshape(-1), high[:, limb].reshape(-1)], axis=1),
            population_size=POPULATION, seed=seed + number,
        )
        for number, limb in enumerate(limbs)
    ]  # fmt: skip
    for _ in range(generations):
        asked = [[search.ask() for _ in range(POPULATION)] for search in searches]
        x = np.empty((POPULATION, len(QUANTITIES), n))
        for limb, candidates in zip(limbs, asked, strict=True):
            x[:, :, limb] = np.array(candidates).reshape(POPULATION, len(QUANTITIES), len(limb))
        error = problem.predict(problem.coarse, x.reshape(POPULATION, -1)) - problem.readings
        costs = (error**2).mean(axis=1)
        for search, limb, candidates in zip(searches, limbs, asked, strict=True):
            search.tell(list(zip(candidates, (1e6 * costs[:, limb].sum(axis=1)).tolist(), strict=True)))
    best = np.empty_like(middle)
    for search, limb in zip(searches, limbs, strict=True):
        best[:, limb] = np.clip(search.mean, low[:, limb].reshape(-1), high[:, limb].reshape(-1)).reshape(
            len(QUANTITIES), len(limb)
        )
    return Solution(best.reshape(-1), generations, problem.simulations - counted, time.process_time() - began)
