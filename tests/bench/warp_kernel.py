"""The flight kernel in Warp: steps per second on the device that is there.

A flight is one launch of many steps at constant commands, states and coefficients staying on the device, as in
the published simulator's benchmark; every term of the model is on and every drone different. On a GPU the
figure is of wall time between two synchronisations, on Warp's CPU device of CPU time on one thread.
"""

import time
from collections.abc import Callable
from typing import Any

import numpy as np

GPU_ENVS, GPU_STEPS = 2**20, 1000
CPU_ENVS, CPU_STEPS = 1024, 500


def measure(repeats: int = 3) -> dict[str, Any]:
    """Return ``kernel.gpu_steps_per_s`` (null without a GPU) and Warp's figure on the CPU (null without Warp)."""
    try:
        from sim.errors import ConfigError
        from sim.flight.warp_flight import best_device
    except ConfigError:
        return {"kernel.gpu_steps_per_s": None, "kernel.warp_cpu_steps_per_s": None}
    device = best_device()
    on_gpu = device != "cpu"
    return {
        "kernel.gpu": _gpu_name(device) if on_gpu else None,
        "kernel.gpu_steps_per_s": _rate(device, GPU_ENVS, GPU_STEPS, repeats, time.perf_counter) if on_gpu else None,
        "kernel.warp_cpu_steps_per_s": _rate("cpu", CPU_ENVS, CPU_STEPS, repeats, time.process_time),
    }


def _rate(device: str, num_envs: int, steps: int, repeats: int, clock: Callable[[], float]) -> float:
    """Best number of steps per second over ``repeats`` flights, after one that compiles."""
    from sim.flight.warp_flight import WarpFlight
    from tests.sim.flight.batches import random_commands, random_parameters, random_states, random_wind, with_all_terms

    rng = np.random.default_rng(0)
    parameters = with_all_terms(rng, random_parameters(rng, num_envs))
    state, command = random_states(rng, num_envs), random_commands(rng, num_envs)
    flight = WarpFlight(state, parameters.packed(0.01), command, random_wind(rng, num_envs), device=device)
    best = np.inf
    for _ in range(repeats + 1):
        flight.wait()
        start = clock()
        flight.fly(steps)
        flight.wait()
        best = min(best, clock() - start)
    return num_envs * steps / best


def _gpu_name(device: str) -> str:
    from sim.flight.warp_kernel import wp

    return wp.get_device(device).name
