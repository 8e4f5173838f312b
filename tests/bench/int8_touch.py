"""What int8 costs where images are felt: the zoo's policy on force fields, calibrated with episodes of its own.

The network of ``tactile_cnn`` has no task; this one has its kind of layers (convolutions on taxels, memory, dense).
"""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from firmware_export.host import HostPolicy, build_library
from firmware_export.onnx_to_c import generate
from firmware_export.onnx_to_c.quantize import Samples
from firmware_export.policy_source import bundle_source
from policies.bundle import load_bundle
from policies.contact_evaluation import judge
from policies.evaluate_contact import input_of
from policies.learners.contact.environments import make_environment
from policies.policy import Policy
from policies.runtime import OnnxPolicy
from sim.envs.contact_task import load_contact_task
from tests.bench.zoo import ZOO

BUNDLE = ZOO / "placement_field"
EPISODES, SEED = 256, 9_100_000
CALIBRATION_EPISODES, CALIBRATION_SEED, EVERY = 16, 9_200_000, 8


class Recorder:
    """A policy that keeps what it was asked, every so many steps."""

    def __init__(self, policy: Policy) -> None:
        self._policy, self._asked, self._steps = policy, [], 0

    @property
    def state_size(self) -> int:
        """Of the policy."""
        return self._policy.state_size

    def step(self, observation: np.ndarray, state: np.ndarray, reset: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Ask the policy."""
        if self._steps % EVERY == 0:
            self._asked.append((observation.copy(), state.copy(), np.asarray(reset, np.float32).reshape(-1)))
        self._steps += 1
        return self._policy.step(observation, state, reset)

    def samples(self) -> Samples:
        """Return what was kept."""
        return Samples(*(np.concatenate(parts).astype(np.float32) for parts in zip(*self._asked)))


def measure(repeats: int = 1, episodes: int = EPISODES, bundle_path: Path = BUNDLE) -> dict[str, Any]:
    """Return ``tactile_cnn.int8.success_loss`` and what it is made of; ``None`` without a bundle.

    Args:
        repeats: ignored; the figures do not vary from run to run.
        episodes: judged in float and in int8, from the same starts.
        bundle_path: of the policy.
    """
    if not (bundle_path / "bundle.json").exists():
        return {"tactile_cnn.int8.success_loss": None}
    bundle = load_bundle(bundle_path)
    task = load_contact_task(bundle.info.task)
    seen, reach = input_of(bundle, task.TASK), np.array(task.TASK.action.high)
    judged = functools.partial(judge, make_env=functools.partial(make_environment, task), seen=seen, reach=reach)
    recorder = Recorder(OnnxPolicy(bundle))
    judged(recorder, episodes=CALIBRATION_EPISODES, seed=CALIBRATION_SEED)
    source = bundle_source(bundle)
    files = generate(source.content, source.id, source.excerpt(), samples=recorder.samples()).files
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, text in files.items():
            (folder / file).write_text(text)
        ours = HostPolicy(build_library(folder, folder / "policy.so"))
        in_int8 = judged(ours, episodes=episodes, seed=SEED).success_rate
    in_float = judged(OnnxPolicy(bundle), episodes=episodes, seed=SEED).success_rate
    figures = {"episodes": episodes, "success_float": in_float, "success_int8": in_int8}
    figures["success_loss"] = in_float - in_int8
    return {f"tactile_cnn.int8.{key}": value for key, value in figures.items()}
