"""Judge a bundle that moves a body under other settings of the physics, and write its certificate of transfer.

The same episodes, drawn from the task's evaluation table, are run under every setting: other integrators,
steps, solvers, friction cones and contacts. What is reached where goes into the bundle's folder.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro
from rich.console import Console

from policies.bundle import CERTIFICATE_FILE, Bundle, load_bundle
from policies.certificate import Certificate, Certified, save_certificate, show
from policies.evaluate_legged import check_same_task, task_of
from policies.legged_evaluation import judge
from policies.option_checks import require_at_least
from policies.provenance import provenance
from policies.runtime import OnnxPolicy
from sim.envs.legged import LeggedTask
from sim.errors import ConfigError
from sim.files import require_writable
from sim.legged.physics import SETTINGS, Physics
from sim.legged.spec import LeggedTaskSpec
from sim.registry import load_task

EXAMPLE = """sim2metal certify runs/go1/bundle
sim2metal certify runs/go1/bundle --episodes 20 --threads 2"""

_NO_ERRORS = {
    "success_rate", "success_interval", "mean_reward", "mean_steps", "episodes", "seed", "falls", "score",
    "share_followed",
}  # fmt: skip
"""Figures of an evaluation that are no errors."""


@dataclass
class Args:
    """Judge a bundle under other physics and write its certificate of transfer."""

    bundle: tyro.conf.Positional[Path]
    """Bundle folder; the certificate is written into it."""
    episodes: int = 100
    """Randomised episodes under each setting, the same under all."""
    seed: int = 3000
    """Of starts, commands, noise and randomization."""
    threads: int = 1
    """Of the physics; results do not depend on it."""


def run(args: Args) -> dict[str, Any]:
    """Judge, print, write, and return the certificate's content under ``certify.`` keys.

    Raises:
        BundleError: if the bundle is not valid or not made for its task as it is now.
        ConfigError: for a bundle of another kind, or a number that cannot be.
        StorageError: if the certificate cannot be written.
    """
    require_at_least(1, {"episodes": args.episodes, "threads": args.threads})
    require_at_least(0, {"seed": args.seed})
    bundle = load_bundle(args.bundle)
    if not isinstance(load_task(bundle.info.task).TASK, LeggedTaskSpec):
        raise ConfigError(
            f"certify is for bodies on legs; {bundle.path} is of '{bundle.info.task}': see sim2metal eval"
        )
    require_writable(bundle.path / CERTIFICATE_FILE)
    console = Console(highlight=False)
    certificate = certify(bundle, args.episodes, args.seed, args.threads, console)
    save_certificate(bundle, certificate)
    show(certificate, console)
    console.print(f"written to {bundle.path / CERTIFICATE_FILE}")
    return {f"certify.{key}": value for key, value in dataclasses.asdict(certificate).items()}


def certify(bundle: Bundle, episodes: int, seed: int, threads: int, console: Console) -> Certificate:
    """Judge a bundle under every setting.

    Raises:
        BundleError: if the bundle is not made for its task as it is now.
    """
    task = task_of(bundle)
    check_same_task(bundle, task)
    made, policy, rows = provenance(seed, {}), OnnxPolicy(bundle), []
    for number, physics in enumerate(SETTINGS, 1):
        with console.status(f"{physics.name}: {number} of {len(SETTINGS)}, {episodes} episodes each"):
            rows.append(_judged(policy, task, physics, episodes, seed, threads))
    return Certificate(
        bundle.id, task.spec.name, task.spec.robot, task.evaluation_table.hash(), episodes, seed, made["commit"],
        made["versions"]["mujoco"], tuple(rows),
    )  # fmt: skip


def _judged(
    policy: OnnxPolicy, task: LeggedTask, physics: Physics, episodes: int, seed: int, threads: int
) -> Certified:
    """Return what a policy reaches under one setting."""
    other = dataclasses.replace(task, spec=task.spec.under(physics))
    summary = judge(policy, other, episodes, seed, threads).summary()
    low, high = summary["success_interval"]
    errors = {name: value for name, value in summary.items() if name not in _NO_ERRORS}
    return Certified(physics.name, physics.changes(), summary["success_rate"], low, high, errors)
