"""What environments of bodies on legs cost beside their physics: speed over that of bare ``mujoco.batch``.

Both step the same model from the same states by the same targets, turn by turn, so that neither has an easier pose or a
quieter machine; the environment randomizes, observes, rewards, pushes and resets what fell. Times are wall times with
a thread for each processor; the share of one thread is reported beside it.
"""

import os
import time
from typing import Any

import numpy as np

NUM_ENVS = 512
STEPS, WARM_UP = 30, 15
ACTION_STD = 0.1
"""Of the random actions, over their reach: a robot falls after a second or so."""


def measure(repeats: int = 3) -> dict[str, Any]:
    """Return the figures: shares of the bare speed, and control steps per second."""
    figures: dict[str, Any] = {"overhead.num_envs": NUM_ENVS, "overhead.threads": os.cpu_count() or 1}
    for name, task, robot in (("quadruped", "velocity", "go1"), ("humanoid", "velocity", "g1")):
        share, bare, rate = _share(task, robot, os.cpu_count() or 1, repeats)
        figures |= {
            f"overhead.{name}": share,
            f"overhead.{name}_bare_steps_per_s": bare,
            f"overhead.{name}_steps_per_s": rate,
            f"overhead.{name}_one_thread": _share(task, robot, 1, repeats)[0],
        }
    return figures


def _share(task: str, robot: str, threads: int, repeats: int) -> tuple[float, float, float]:
    """Return the environment's speed over the bare one, and both, control steps per second; the repeat of median share.

    Not the best: of a ratio that would be the repeat whose bare steps were the unluckiest.
    """
    from mujoco.batch import Batch

    from sim.envs.legged import LeggedEnv, load_legged_task

    env = LeggedEnv(load_legged_task(task, robot), NUM_ENVS, threads=threads)
    bare = Batch(env.world.scene.model, NUM_ENVS, threads)
    control, substeps = bare.bind("ctrl"), env.world.substeps
    rng = np.random.default_rng(0)
    env.reset()
    found = []
    for _ in range(repeats):
        spent, spent_bare = 0.0, 0.0
        for step in range(WARM_UP + STEPS):
            action = rng.normal(0.0, ACTION_STD, (NUM_ENVS, env.num_actions)).astype(np.float32)
            bare.state[:] = env.world.batch.state
            start = time.perf_counter()
            env.step(action)
            middle = time.perf_counter()
            control[:] = env.world.state.target
            bare.step(nstep=substeps)
            end = time.perf_counter()
            if step >= WARM_UP:
                spent, spent_bare = spent + middle - start, spent_bare + end - middle
        found.append((spent_bare / spent, NUM_ENVS * STEPS / spent_bare, NUM_ENVS * STEPS / spent))
    return sorted(found)[(repeats - 1) // 2]
