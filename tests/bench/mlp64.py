"""Figure: what the 146-64-64-4 tanh policy costs on the STM32F405, as ``tests.bench.network_costs`` measures it.

``plain loops`` and onnx2c need 82,000 instructions for the same network (shared reference figures).
"""

from __future__ import annotations

from firmware_export.onnx_to_c import generate
from tests.bench.network_costs import excerpt_of, measure_costs
from tests.bench.networks import load_network

KEPT = {
    "instructions": "instructions",
    "flash_bytes": "text_bytes",
    "ram_bytes": "ram_bytes",
    "stack_bytes": "stack_bytes",
}
"""Name of this suite's figure -> name in ``measure_costs``."""


def measure(repeats: int = 1) -> dict[str, object]:
    """Return instructions per step (largest of 16), bytes of flash, RAM and stack of the policy alone.

    Args:
        repeats: ignored; the figures do not vary from run to run.
    """
    network = load_network("mlp64")
    costs = measure_costs(network, generate(network.model, excerpt=excerpt_of(network.run(2))).files)
    return {f"mlp64.{name}": costs[key] for name, key in KEPT.items()}
