"""Figure: what a 146-64-64-4 tanh policy costs as generated C on the STM32F405 (QEMU, ``-icount``).

``plain loops`` and onnx2c need 82,000 instructions for the same network (shared reference figures).
"""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper

SIZES = (146, 64, 64, 4)
STEPS = 16


def measure(repeats: int = 1) -> dict[str, object]:
    """Return instructions per step (largest of ``STEPS``), bytes of flash and bytes of RAM.

    Args:
        repeats: ignored; the figures do not vary from run to run.
    """
    from firmware_export.build import build_target
    from firmware_export.onnx_to_c import Excerpt, generate
    from firmware_export.report import measure_stm32
    from firmware_export.targets import load_target

    model, forward = _network()
    observation = np.random.default_rng(1).normal(size=(STEPS, SIZES[0])).astype(np.float32)
    action = forward(observation)
    no_state = np.zeros((STEPS, 0), np.float32)
    one = np.ones(SIZES[-1], np.float32)
    excerpt = Excerpt(observation[:2], action[:2], no_state[0], action_range=one, state_scale=no_state[0])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, text in generate(model, excerpt=excerpt).files.items():
            (folder / file).write_text(text)
        build = build_target(load_target("stm32f405"), folder, folder)
        cost = measure_stm32(build, observation, no_state, np.zeros(STEPS))
    return {
        "mlp64.instructions": cost.instructions_per_step,
        "mlp64.flash_bytes": cost.flash_bytes,
        "mlp64.ram_bytes": cost.ram_bytes,
        "mlp64.stack_bytes": cost.stack_bytes,
    }


def _network():
    """Return the network as ONNX and as a float64 reference."""
    rng = np.random.default_rng(0)
    nodes, constants, name = [], [], "observation"
    layers = []
    for i, (inputs, outputs) in enumerate(itertools.pairwise(SIZES)):
        weight = rng.normal(0.0, inputs**-0.5, (inputs, outputs)).astype(np.float32)
        bias = rng.normal(0.0, 0.1, outputs).astype(np.float32)
        layers.append((weight, bias))
        constants += [numpy_helper.from_array(weight, f"weight{i}"), numpy_helper.from_array(bias, f"bias{i}")]
        last = i == len(SIZES) - 2
        result = "action" if last else f"linear{i}"
        nodes.append(helper.make_node("Gemm", [name, f"weight{i}", f"bias{i}"], [result], name=f"linear{i}"))
        if not last:
            nodes.append(helper.make_node("Tanh", [result], [f"hidden{i}"], name=f"tanh{i}"))
            name = f"hidden{i}"
    inputs = [helper.make_tensor_value_info("observation", TensorProto.FLOAT, ["batch", SIZES[0]])]
    outputs = [helper.make_tensor_value_info("action", TensorProto.FLOAT, ["batch", SIZES[-1]])]
    graph = helper.make_graph(nodes, "mlp64", inputs, outputs, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)

    def forward(observation: np.ndarray) -> np.ndarray:
        x = observation.astype(np.float64)
        for weight, bias in layers[:-1]:
            x = np.tanh(x @ weight + bias)
        return (x @ layers[-1][0] + layers[-1][1]).astype(np.float32)

    return model.SerializeToString(), forward
