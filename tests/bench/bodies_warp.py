"""Environments of bodies on legs with mujoco_warp: control steps per second on an NVIDIA GPU; null without one."""

import time
from typing import Any

import numpy as np

NUM_ENVS = 4096
STEPS, WARM_UP = 50, 5
ACTION_STD = 0.1
_BODIES = {"quadruped": "go1", "humanoid": "g1"}


def measure(repeats: int = 3) -> dict[str, Any]:
    """Return the figures: control steps per second, terms and resets included, the best of some."""
    try:
        from sim.errors import ConfigError
        from sim.flight.warp_flight import best_device
        from sim.legged.warp_batch import wp
    except ConfigError:
        return _figures(None, dict.fromkeys(_BODIES))
    device = best_device()
    if device == "cpu":
        return _figures(None, dict.fromkeys(_BODIES))
    return _figures(wp.get_device(device).name, {name: _rate(robot, repeats) for name, robot in _BODIES.items()})


def _figures(gpu: str | None, rates: dict[str, Any]) -> dict[str, Any]:
    return {"warp.gpu": gpu, **{f"warp.{name}_steps_per_s": rate for name, rate in rates.items()}}


def _rate(robot: str, repeats: int) -> float:
    from sim.envs.legged import LeggedEnv, load_legged_task

    env = LeggedEnv(load_legged_task("velocity", robot), NUM_ENVS, engine="warp")
    env.reset()
    rng, best = np.random.default_rng(0), np.inf
    actions = rng.normal(0.0, ACTION_STD, (WARM_UP + STEPS, NUM_ENVS, env.num_actions)).astype(np.float32)
    for _ in range(repeats):
        for step, action in enumerate(actions):
            if step == WARM_UP:
                start = time.perf_counter()
            env.step(action)
        best = min(best, time.perf_counter() - start)
    return NUM_ENVS * STEPS / best
