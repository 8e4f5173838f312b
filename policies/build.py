"""A trained actor becomes a bundle: exported, recorded, described, and loaded back once."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from policies.bundle import Bundle, BundleInfo, save_bundle
from policies.export_onnx import export_onnx
from policies.golden import STEPS, record_golden
from policies.provenance import identified_record, plain, provenance, robot_info
from policies.runtime import OnnxPolicy
from policies.torch_policy import TorchPolicy
from sim.registry import load_robot
from sim.spec import TaskSpec


def build_bundle(
    path: Path | str,
    actor: torch.nn.Module,
    task_module: ModuleType,
    seed: int,
    config: Any,
    evaluation: dict[str, Any],
    *,
    golden_steps: int = STEPS,
    start_from: str | None = None,
) -> Bundle:
    """Write the bundle of a trained actor and check that it can be run.

    Args:
        path: folder to create or replace.
        actor: torch module after the contract in ``policies.networks``.
        task_module: the task it was trained for, e.g. ``sim.tasks.hover``.
        seed: of the training run; the golden sequences use it too.
        config: resolved training configuration (dataclass or dict).
        evaluation: the evaluation table it earned, with the table's hash.
        golden_steps: length of the golden sequences.
        start_from: id of the bundle whose weights the training began with; ``None``: random ones.

    Raises:
        StorageError: if it cannot be written; an older bundle there is untouched.
        VerificationError: if the exported graph does not compute what the actor computes.
        BundleError: if the written bundle does not reproduce its golden sequences.
    """
    info = describe(actor, task_module, provenance(seed, config, start_from), evaluation)
    actor = actor.eval()
    golden = record_golden(TorchPolicy(actor), task_module, seed, steps=golden_steps)
    bundle = save_bundle(path, info, export_onnx(actor), golden)
    OnnxPolicy(bundle)
    return bundle


def identified_robot(task_module: ModuleType) -> dict[str, Any]:
    """Return what a bundle remembers of the one robot it was trained for, if it was; as provenance."""
    return identified_record(getattr(task_module, "IDENTIFIED", None))


def describe(actor: Any, task_module: ModuleType, record: dict[str, Any], evaluation: dict[str, Any]) -> BundleInfo:
    """Return what the numbers of this actor mean, for ``bundle.json``; ``record`` is of ``policies.provenance``."""
    task: TaskSpec = task_module.TASK
    robot = load_robot(task.robot)
    return BundleInfo(
        task=task.name,
        robot=robot_info(robot, task_module.NOMINAL),
        observation=task.actor_terms,
        action=task.action,
        timing=task.timing,
        limits=robot.limits,
        state_size=actor.state_size,
        state_scale=tuple(float(scale) for scale in actor.state_scale),
        command_ranges=getattr(task_module, "COMMAND_RANGES", {}),
        network=plain(actor.config()),
        provenance=record | identified_robot(task_module),
        evaluation=plain(evaluation),
    )
