"""The bundle of a contact policy: what its numbers mean, and golden sequences in closed loop with its task."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from policies.bundle import Bundle, BundleInfo, Golden, save_bundle
from policies.contact_evaluation import to_unit
from policies.export_onnx import export_onnx
from policies.learners.contact.inputs import ActorInput, flat_input
from policies.learners.contact.rollouts import EnvMaker
from policies.networks.touch_actor import TouchActor
from policies.provenance import plain, provenance, robot_info
from policies.runtime import OnnxPolicy
from policies.torch_policy import TorchPolicy
from sim.contact.spec import ContactTaskSpec
from sim.envs.contact_task import RELEASE_STEPS, RISE_AFTER, RISE_M
from sim.registry import load_robot
from sim.spec import Episode

SEQUENCES, STEPS = 4, 60
"""One second each at 60 Hz; pictures make them long in bytes, though most of a picture is zero."""
_WILD_STEPS = 10
_WILD = 10.0
"""The last steps of the last sequence see inputs many times larger than any: clips are active, actions saturate."""


def build_contact_bundle(
    path: Path | str,
    actor: TouchActor,
    task: ContactTaskSpec,
    seen: ActorInput,
    make_env: EnvMaker,
    seed: int,
    config: Any,
    evaluation: dict[str, Any],
) -> Bundle:
    """Write the bundle of a trained actor and check that it can be run.

    Args:
        path: folder to create or replace.
        actor: with the weights to keep.
        task: what it was trained for.
        seen: what the actor sees.
        make_env: builds the task's simulations, for the golden sequences.
        seed: of the training run; the golden sequences use it too.
        config: resolved settings (dataclass or dict).
        evaluation: what the actor reached.

    Raises:
        StorageError: if it cannot be written; an older bundle there is untouched.
        VerificationError: if the exported graph does not compute what the actor computes.
        BundleError: if the written bundle does not reproduce its golden sequences.
    """
    golden = record_golden(actor, seen, make_env, np.array(task.action.high), seed)
    info = describe(actor, task, seen, provenance(seed, config), evaluation)
    info = replace(info, state_scale=golden.state_scale(info.state_scale))
    bundle = save_bundle(path, info, export_onnx(actor), golden)
    OnnxPolicy(bundle)
    return bundle


def describe(
    actor: TouchActor, task: ContactTaskSpec, seen: ActorInput, record: dict[str, Any], evaluation: dict[str, Any]
) -> BundleInfo:
    """Return what the numbers of this actor mean, for ``bundle.json``; ``record`` is of ``policies.provenance``."""
    spec = load_robot(task.robot)
    return BundleInfo(
        task=task.name,
        robot=robot_info(spec, spec.parameters()),
        observation=seen.terms(task),
        action=task.action,
        timing=task.timing,
        limits=spec.limits,
        state_size=actor.state_size,
        state_scale=tuple(actor.state_scale),
        command_ranges={},
        network=plain(actor.config()),
        provenance=record,
        evaluation=plain(evaluation),
        images=seen.image_terms(task),
        episode=episode_of(task),
    )


def episode_of(task: ContactTaskSpec) -> Episode:
    """Return how long the task lasts and how it ends, as ``ContactTaskEnv`` ends it."""
    steps = task.control_steps
    if task.judgement.ending != "release":
        return Episode(steps)
    opens_at = steps - RELEASE_STEPS
    return Episode(steps, opens_at, opens_at + RISE_AFTER, RISE_M)


def record_golden(actor: TouchActor, seen: ActorInput, make_env: EnvMaker, reach: npt.NDArray, seed: int) -> Golden:
    """Run the actor in its task and record what it saw and did; ``reach`` (6,) is the largest motion.

    One sequence begins a new episode in its middle, and the last ends with inputs beyond any that occur.
    """
    policy, rng = TorchPolicy(actor), np.random.default_rng(seed)
    env = make_env(SEQUENCES, seen.sensors, seed)
    observation, reset = env.reset(), np.ones(SEQUENCES, bool)
    state = np.zeros((SEQUENCES, policy.state_size), np.float32)
    record: dict[str, list[np.ndarray]] = {name: [] for name in ("observation", "reset", "state", "action")}
    for t in range(STEPS):
        if t == STEPS // 2:
            observation = env.reset(np.array([1]))
            reset[1] = True
        inputs = flat_input(observation, seen)
        if t >= STEPS - _WILD_STEPS:
            inputs[-1] *= rng.uniform(-_WILD, _WILD)
        action, state = policy.step(inputs, state, reset)
        for name, value in (("observation", inputs), ("reset", reset), ("state", state), ("action", action)):
            record[name].append(np.array(value, np.float32))
        after = env.step(to_unit(action, reach))
        observation, reset = after.observation, after.terminated | after.truncated
    return Golden(**{name: np.stack(values, axis=1) for name, values in record.items()})
