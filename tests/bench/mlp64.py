"""Figure: what the 146-64-64-4 tanh policy costs as a whole image on the STM32F405, server and self-test among it.

``plain loops`` and onnx2c need 82,000 instructions for the same network (shared reference figures).
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from firmware_export.build import build_target
from firmware_export.onnx_to_c import generate
from firmware_export.report import measure_stm32
from firmware_export.targets import load_target
from tests.bench.network_costs import STEPS, excerpt_of
from tests.bench.networks import load_network


def measure(repeats: int = 1) -> dict[str, object]:
    """Return instructions per step (largest of ``STEPS``), bytes of flash, RAM and stack.

    Args:
        repeats: ignored; the figures do not vary from run to run.
    """
    network = load_network("mlp64")
    run = network.run(STEPS)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, text in generate(network.model, excerpt=excerpt_of(run)).files.items():
            (folder / file).write_text(text)
        build = build_target(load_target("stm32f405"), folder, folder)
        cost = measure_stm32(build, run.observation, run.state_before, run.reset)
    return {
        "mlp64.instructions": cost.instructions_per_step,
        "mlp64.flash_bytes": cost.flash_bytes,
        "mlp64.ram_bytes": cost.ram_bytes,
        "mlp64.stack_bytes": cost.stack_bytes,
    }
