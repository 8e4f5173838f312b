"""The bundle of a policy that moves a body: what its numbers mean, and golden sequences in closed loop."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from policies.bundle import Bundle, BundleInfo, Golden, save_bundle
from policies.export_onnx import export_onnx
from policies.legged_clip import clip_record
from policies.legged_evaluation import to_unit
from policies.networks.squashed_actor import SquashedActor
from policies.networks.touch_actor import TouchActor
from policies.provenance import identified_record, plain, provenance, robot_info
from policies.runtime import OnnxPolicy
from policies.torch_policy import TorchPolicy
from sim.envs.legged import LeggedEnv, LeggedTask
from sim.legged.motion import clip_of
from sim.motion.clip import clip_bytes
from sim.registry import load_robot
from sim.spec import ObservationTerm

Actor = TouchActor | SquashedActor
SEQUENCES, STEPS = 4, 100
"""Two seconds each."""
_REMEMBERING = 2, 32
"""Of actors with a memory, which is recorded at every step: several times the rest."""
_WILD_STEPS = 10
_WILD = 10.0
"""The last steps of the last sequence see inputs many times larger than any: clips are active, actions saturate."""


def build_legged_bundle(
    path: Path | str,
    actor: Actor,
    task: LeggedTask,
    seed: int,
    config: Any,
    evaluation: dict[str, Any],
    start_from: str | None = None,
) -> Bundle:
    """Write the bundle of a trained actor and check that it can be run.

    Args:
        path: folder to create or replace.
        actor: with the weights to keep.
        task: what it was trained for.
        seed: of the training run; the golden sequences use it too.
        config: resolved settings (dataclass or dict).
        evaluation: what the actor reached.
        start_from: id of the bundle whose weights the training began with; ``None``: random ones.

    Raises:
        StorageError: if it cannot be written; an older bundle there is untouched.
        VerificationError: if the exported graph does not compute what the actor computes.
        BundleError: if the written bundle does not reproduce its golden sequences.
    """
    golden = record_golden(actor, task, seed)
    info = describe(actor, task, provenance(seed, config, start_from), evaluation)
    info = replace(info, state_scale=golden.state_scale(info.state_scale))
    clip = clip_of(task.spec)
    moved = None if clip is None else clip_bytes(clip)
    bundle = save_bundle(path, info, export_onnx(actor), golden, moved)
    OnnxPolicy(bundle)
    return bundle


def late_record(task: LeggedTask) -> dict[str, Any]:
    """Return what a bundle remembers of late sensors, if it was trained with them."""
    return {} if task.observation_delay_s is None else {"observation_delay_s": list(task.observation_delay_s)}


def describe(actor: Actor, task: LeggedTask, record: dict[str, Any], evaluation: dict[str, Any]) -> BundleInfo:
    """Return what the numbers of this actor mean, for ``bundle.json``; ``record`` is of ``policies.provenance``."""
    spec = task.spec
    robot = load_robot(spec.robot)
    return BundleInfo(
        task=spec.name,
        robot=robot_info(robot, spec.parameters),
        observation=observed(task),
        action=spec.action,
        timing=spec.timing,
        limits=robot.limits,
        state_size=actor.state_size,
        state_scale=tuple(actor.state_scale),
        command_ranges={} if spec.command is None else spec.command.ranges,
        network=plain(actor.config()),
        provenance=record | clip_record(spec) | identified_record(task.identified) | late_record(task),
        evaluation=plain(evaluation),
    )


def observed(task: LeggedTask) -> tuple[ObservationTerm, ...]:
    """Return what the actor sees, with the noise it was trained with."""
    std = {} if task.spec.privileged else dict(task.training_table.noise_std)
    return tuple(replace(term, noise_std=std.get(term.name, 0.0)) for term in task.spec.actor_terms)


def record_golden(actor: Actor, task: LeggedTask, seed: int) -> Golden:
    """Run the actor in its task and record what it saw and did.

    One sequence begins a new episode in its middle, and the last ends with inputs beyond any that occur.
    """
    policy, rng = TorchPolicy(actor), np.random.default_rng(seed)
    sequences, steps = _REMEMBERING if policy.state_size else (SEQUENCES, STEPS)
    env = LeggedEnv(task, sequences, table=task.evaluation_table, seed=seed, threads=1)
    observation, reset = env.reset()["actor"], np.ones(sequences, bool)
    state = np.zeros((sequences, policy.state_size), np.float32)
    record: dict[str, list[np.ndarray]] = {name: [] for name in ("observation", "reset", "state", "action")}
    for t in range(steps):
        if t == steps // 2:
            observation = env.reset(np.array([1]))["actor"]
            reset[1] = True
        inputs = observation.copy()
        if t >= steps - _WILD_STEPS:
            inputs[-1] *= rng.uniform(-_WILD, _WILD)
        action, state = policy.step(inputs, state, reset)
        for name, value in (("observation", inputs), ("reset", reset), ("state", state), ("action", action)):
            record[name].append(np.array(value, np.float32))
        after = env.step(to_unit(action, env))
        observation, reset = after.observation["actor"], after.terminated | after.truncated
    return Golden(**{name: np.stack(values, axis=1) for name, values in record.items()})
