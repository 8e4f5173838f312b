"""How fast the flight kernel is: steps per CPU-second, one thread, every airframe different.

Compilation is kept out of the figures and reported beside them: from source (an empty cache, in
a fresh process) and from the cache.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from sim.flight.parameters import FlightParameters

NUM_ENVS = 1024
"""Batch of the figures: its arrays stay in the second-level cache, as in training."""
STEP_S = 0.01
SECONDS = 0.3
"""CPU time of one timing."""

_LOAD = """
import time
import numpy as np
import sim.flight.kernel, sim.flight.adjoint
start = time.perf_counter()
state, packed = np.zeros((1, 17), np.float32), np.ones((1, 57), np.float32)
sim.flight.kernel.step(state, state[:, :4].copy(), packed)
sim.flight.adjoint.step_adjoint(state, state[:, :4].copy(), packed, state)
print(time.perf_counter() - start)
"""


def measure(repeats: int = 3) -> dict[str, float]:
    """Return the kernel's figures, each the best of ``repeats`` timings.

    ``kernel.steps_per_cpu_s`` counts ``kernel.step`` with every term of the physics on,
    ``kernel.plain_steps_per_cpu_s`` without drag, floor, sag, dead zone and wind;
    ``kernel.adjoint_steps_per_cpu_s`` counts ``kernel.step`` and ``adjoint.step_adjoint`` together,
    every term on: the cost of one training step's physics.
    """
    from sim.flight.adjoint import step_adjoint
    from sim.flight.kernel import step

    state, command, packed, wind_w, gradient = _batch()
    plain = _airframes(np.random.default_rng(0)).packed(STEP_S)
    following, grad_state, grad_command = np.empty_like(state), np.empty_like(state), np.empty_like(command)

    def forward() -> None:
        step(state, command, packed, wind_w, following)

    def forward_plain() -> None:
        step(state, command, plain, out=following)

    def forward_and_adjoint() -> None:
        step(state, command, packed, wind_w, following)
        step_adjoint(state, command, packed, gradient, wind_w, grad_state, grad_command)

    forward_and_adjoint()  # compiles, or loads from the cache
    compile_s, load_s = _compilation_seconds()
    return {
        "kernel.steps_per_cpu_s": NUM_ENVS / best_cpu_seconds(forward, repeats),
        "kernel.plain_steps_per_cpu_s": NUM_ENVS / best_cpu_seconds(forward_plain, repeats),
        "kernel.adjoint_steps_per_cpu_s": NUM_ENVS / best_cpu_seconds(forward_and_adjoint, repeats),
        "kernel.compile_s": compile_s,
        "kernel.load_from_cache_s": load_s,
    }


def _batch() -> tuple[np.ndarray, ...]:
    """State, command, coefficients, wind and output gradient of randomized airframes with every term."""
    rng = np.random.default_rng(0)
    parameters = _airframes(rng)
    parameters.rotor_drag[:] = rng.uniform(0.004, 0.013, (NUM_ENVS, 3))
    parameters.rotor_radius_m[:] = rng.uniform(0.0225, 0.045, NUM_ENVS)
    parameters.floor_height_w[:] = rng.uniform(-1.0, -0.1, NUM_ENVS)
    parameters.battery_sag[:] = rng.uniform(0.03, 0.1, NUM_ENVS)
    parameters.dead_zone[:] = rng.uniform(0.0, 0.15, NUM_ENVS)
    parameters.centre_of_mass_b[:] = rng.uniform(-0.001, 0.001, (NUM_ENVS, 3))
    state = rng.normal(size=(NUM_ENVS, 17))
    state[:, 3:7] /= np.linalg.norm(state[:, 3:7], axis=1, keepdims=True)
    state[:, 13:] = rng.uniform(0.0, 1.0, (NUM_ENVS, 4))
    command = rng.uniform(0.0, 1.0, (NUM_ENVS, 4))
    wind_w, gradient = rng.normal(size=(NUM_ENVS, 3)), rng.normal(size=state.shape)
    return tuple(a.astype(np.float32) for a in (state, command, parameters.packed(STEP_S), wind_w, gradient))


def _airframes(rng: np.random.Generator) -> "FlightParameters":
    """Unequal airframes of the published set."""
    from sim.flight.parameters import FlightParameters
    from sim.registry import load_robot

    parameters = FlightParameters.nominal(load_robot("crazyflie").parameters("l2f_v2"), NUM_ENVS)
    for name in ("mass", "inertia", "thrust_curve", "torque_per_thrust", "motor_rise_s", "motor_fall_s", "motor_gain"):
        values = getattr(parameters, name)
        values *= rng.uniform(0.8, 1.2, values.shape).astype(np.float32)
    return parameters


def best_cpu_seconds(function: Callable[[], None], repeats: int) -> float:
    """Best CPU-seconds of one call over ``repeats`` timings of about ``SECONDS`` each."""
    best, calls = np.inf, 1
    timed = 0
    while timed < repeats:
        start = time.process_time()
        for _ in range(calls):
            function()
        spent = time.process_time() - start
        if spent < SECONDS / 2.0:
            calls *= 2
            continue
        best, timed = min(best, spent / calls), timed + 1
    return best


def _compilation_seconds() -> tuple[float, float]:
    """Wall seconds of the first two calls in fresh processes: with an empty cache, then with it."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "NUMBA_CACHE_DIR": folder}
        root = Path(__file__).parents[2]
        first, second = (
            float(
                subprocess.run(
                    [sys.executable, "-c", _LOAD], env=environment, cwd=root, check=True, capture_output=True, text=True
                ).stdout
            )
            for _ in range(2)
        )
    return first, second
