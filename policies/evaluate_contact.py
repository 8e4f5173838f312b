"""Judge a bundle of a contact task: success over randomised starts with its interval."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from rich.console import Console

from policies.bundle import Bundle, BundleInfo
from policies.contact_evaluation import judge
from policies.learners.contact.environments import make_environment
from policies.learners.contact.inputs import INPUTS, ActorInput
from policies.runtime import OnnxPolicy
from sim.contact.spec import ContactTaskSpec
from sim.envs.contact_task import ContactTask
from sim.errors import BundleError


def evaluate_contact(
    bundle: Bundle, task: ContactTask, episodes: int, seed: int, threads: int | None, console: Console
) -> dict[str, Any]:
    """Print the figures of a bundle and return them under ``eval.`` keys.

    Args:
        bundle: what to judge, on onnxruntime.
        task: module of its task.
        episodes: starts drawn from the task's evaluation table.
        seed: of all draws.
        threads: of the physics; default: one. Results do not depend on it.
        console: where to print.

    Raises:
        BundleError: if the bundle is not made for the task as it is now.
        ConfigError: for no episodes.
    """
    seen = input_of(bundle, task.TASK)
    make_env = functools.partial(make_environment, task, threads=threads or 1)
    policy, reach = OnnxPolicy(bundle), np.array(task.TASK.action.high)
    with console.status(f"{episodes} starts of {task.TASK.name}"):
        found = judge(policy, make_env, seen, reach, episodes, seed)
    table = task.EVALUATION_TABLE
    low, high = found.success_interval
    console.print(
        f"{bundle.path} on task {task.TASK.name}, seeing {seen.name}: {found.success_rate:.1%} of {episodes} starts"
        f" succeed (95 % interval {100 * low:.1f} - {100 * high:.1f}), seed {seed}, table {table.hash()[:12]}"
    )
    summary = {**found.summary(), "input": seen.name, "table": table.name, "table_hash": table.hash()}
    return {f"eval.{key}": value for key, value in summary.items()}


def input_of(bundle: Bundle, task: ContactTaskSpec) -> ActorInput:
    """Return what a bundle's policy sees of its task.

    Raises:
        BundleError: if its inputs, action or clock are none of the task's in this checkout.
    """
    info = bundle.info
    matching = [
        seen
        for seen in INPUTS.values()
        if _shown(seen, task) and (seen.terms(task), seen.image_terms(task)) == (info.observation, info.images)
    ]
    if not matching or _contract(task) != _contract(info):
        what = "another action or control period" if matching else "other observation terms"
        raise BundleError(f"{bundle.path} was made for {what} of task '{info.task}'; train it again")
    return matching[0]


def _shown(seen: ActorInput, task: ContactTaskSpec) -> bool:
    return set(seen.images) <= {image.name for image in task.images}


def _contract(made: ContactTaskSpec | BundleInfo) -> tuple[object, ...]:
    return made.action.level, made.action.names, made.action.high, made.timing.control_period_s
