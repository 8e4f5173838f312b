"""Figures: every bundle of the zoo as C on the host and on the emulated STM32F405, against its golden sequences.

A policy joins by being in the zoo. Those with memory run 1000 steps more, on their golden observations
one after the other, free-running, against onnxruntime; not those that touch, whose emulated microcontroller computes
four steps a second.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from firmware_export.backends import open_backend
from policies.bundle import Bundle, Golden, load_bundle
from policies.replay import parity_errors, replay

ZOO = Path(__file__).parents[2] / "policies" / "zoo"
BACKENDS = ("c_host", "c_stm32f405")
LONG_STEPS = 1000


def zoo_bundles() -> list[Path]:
    """Return the folders of the zoo's bundles."""
    return sorted(path.parent for path in ZOO.glob("*/bundle.json"))


def measure(repeats: int = 1) -> dict[str, object]:
    """Return ``zoo.NAME.BACKEND``: largest error of actions and states relative to their range.

    Args:
        repeats: ignored; the figures do not vary from run to run.
    """
    figures: dict[str, object] = {"zoo.policies": len(zoo_bundles())}
    for path in zoo_bundles():
        bundle = load_bundle(path)
        runs = [bundle.golden()]
        if runs[0].state.shape[2] and not bundle.info.images:
            runs.append(long_run(bundle, runs[0]))
        figures[f"zoo.{path.name}.steps"] = max(run.reset.shape[1] for run in runs)
        for backend in BACKENDS:
            figures[f"zoo.{path.name}.{backend}"] = largest_error(bundle, backend, runs)
    figures["zoo.worst"] = max(value for value in figures.values() if isinstance(value, float))
    return figures


def largest_error(bundle: Bundle, backend: str, runs: list[Golden]) -> float:
    """Return the largest relative error of a back end over some runs."""
    with open_backend(backend, bundle) as policy:
        errors = [parity_errors(policy, run, bundle.info) for run in runs]
    return max(max(error.action, error.state) for error in errors)


def long_run(bundle: Bundle, golden: Golden, steps: int = LONG_STEPS) -> Golden:
    """Return what onnxruntime answers in one sequence made of the golden ones, reset only at its start."""
    observation = golden.observation.reshape(-1, golden.observation.shape[2])
    observation = np.resize(observation, (1, steps, observation.shape[1]))
    reset = np.zeros((1, steps), np.float32)
    reset[0, 0] = 1.0
    state = np.zeros((1, steps, golden.state.shape[2]), np.float32)
    action = np.zeros((1, steps, golden.action.shape[2]), np.float32)
    asked = Golden(observation=observation, reset=reset, state=state, action=action)
    with open_backend("onnx", bundle) as policy:
        action, state = replay(policy, asked)
    return Golden(observation=observation, reset=reset, state=state, action=action)
