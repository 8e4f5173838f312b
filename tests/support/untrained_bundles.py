"""Bundles as they are learnt for bodies on legs, of random weights: all but the default pose, by the task's gains."""

from pathlib import Path

import torch

from policies.bundle import Bundle
from policies.learners.legged.settings import LeggedTrainConfig
from policies.legged_bundle import build_legged_bundle
from policies.legged_run import LeggedJob, LeggedRun
from sim.envs.legged import load_legged_task


def untrained_bundle(folder: Path, task: str, robot: str) -> Bundle:
    """Write a bundle of a task into ``folder / "bundle"``."""
    torch.set_num_threads(1)
    config = LeggedTrainConfig(num_envs=2, horizon=4, hidden=(8,))
    run = LeggedRun(LeggedJob(load_legged_task(task, robot), 0, config), folder)
    run.log.close()
    return build_legged_bundle(folder / "bundle", run.actor, run.job.task, 0, config, {})
