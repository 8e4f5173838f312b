"""What a benchmark network costs as C on the STM32F405, whoever wrote the C.

``text_bytes`` is defined once, for every generator and for float and int8 alike: the code and tables of
``policy_step`` and what it calls of the C library, linked alone (``firmware_export.build.Footprint``); the
server that answers over the serial line, vectors and self-test are not in it. ``ram_bytes`` is what a step
needs besides its stack: observation, state, workspace, action and the libraries' variables.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from firmware_export.build import build_target, measure_footprint
from firmware_export.cycles import estimate_cycles
from firmware_export.hil.policy import Stm32Policy
from firmware_export.onnx_to_c import Excerpt
from firmware_export.targets import Target, load_target
from tests.bench.networks import Network, Run

STEPS = 16
"""Steps run; instructions are the largest of them."""
TRACED_STEPS = 2
"""Steps whose every instruction is looked at; cycles are the larger."""


def excerpt_of(run: Run, steps: int = 2) -> Excerpt:
    """Return the first steps of a run for the self-test, with ranges and scales of one."""
    one = np.ones(run.action.shape[1], np.float32)
    scale = np.ones(run.state.shape[1], np.float32)
    return Excerpt(run.observation[:steps], run.action[:steps], run.state[steps - 1], one, scale)


def measure_costs(network: Network, files: Mapping[str, str], target: Target | None = None) -> dict[str, object]:
    """Build a policy's C files for the STM32F405, run them on the emulator and measure them.

    Args:
        network: what they compute.
        files: ``policy.h``, ``policy.c``, ``policy_selftest.c`` and what they include.
        target: ``stm32f405``, possibly with more flags.

    Returns:
        ``instructions``, ``cycles_estimated`` (memory answers at once), ``cycles_from_flash`` (with its wait
        states), ``text_bytes``, ``ram_bytes``, ``stack_bytes`` and ``max_abs_err`` of actions and states.
    """
    target = target or load_target("stm32f405")
    run = network.run(STEPS)
    steps = (run.observation, run.state_before, run.reset)
    traced = [array[:TRACED_STEPS] for array in steps]
    with tempfile.TemporaryDirectory(prefix="sim2metal-bench-") as name:
        folder = Path(name)
        for file, text in files.items():
            (folder / file).write_text(text)
        image = build_target(target, folder, folder).artifact
        footprint = measure_footprint(target, folder)
        with Stm32Policy(image, count_instructions=True) as policy:
            instructions = max(policy.instructions(*steps))
        with Stm32Policy(image) as policy:
            action, state = policy.replay(run.observation[None], run.reset[None])
        estimates = estimate_cycles(image, *traced)
    return {
        "instructions": instructions,
        "cycles_estimated": max(estimate.cycles for estimate in estimates),
        "cycles_from_flash": max(estimate.cycles_from_flash for estimate in estimates),
        "text_bytes": footprint.text_bytes,
        "ram_bytes": footprint.ram_bytes,
        "stack_bytes": footprint.stack_bytes,
        "max_abs_err": float(max(_largest(action[0] - run.action), _largest(state[0] - run.state))),
    }


def _largest(error: np.ndarray) -> float:
    return float(np.abs(error).max()) if error.size else 0.0
