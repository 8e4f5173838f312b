"""Builds the simulations of a contact task as its learners see them."""

from __future__ import annotations

from policies.learners.contact.rollouts import ContactEnv
from sim.envs.contact_task import ContactTask, ContactTaskEnv


def make_environment(
    task: ContactTask, num_envs: int, sensors: tuple[str, ...], seed: int, *, training: bool = False, threads: int = 1
) -> ContactEnv:
    """Return simulations of a task.

    Args:
        task: its module.
        num_envs: how many.
        sensors: what they show beside the state.
        seed: of all draws.
        training: randomised by the table for training, else by that for evaluation.
        threads: of the physics; results do not depend on it.
    """
    table = task.TRAINING_TABLE if training else task.EVALUATION_TABLE
    return ContactTaskEnv(task, num_envs, sensors=sensors, table=table, seed=seed, threads=threads)
