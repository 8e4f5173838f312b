"""Policies of one architecture with different weights, for what replaces one by another."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from firmware_export.int8 import int8_c
from firmware_export.onnx_to_c import Excerpt, GeneratedPolicy, generate
from firmware_export.policy_source import PolicySource
from policies.bundle import Golden
from tests.firmware_export.models import MemoryPolicy, export_torch, run_onnx

CONTRACT = b"22 observations, 4 motors, 100 Hz"
INPUTS = {"observation": 22, "state_in": 24, "reset": 1}


def memory_model(seed: int, activation: type[torch.nn.Module] = torch.nn.ELU) -> bytes:
    """A recurrent policy; another seed, another training."""
    policy = MemoryPolicy()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for tensor in (*policy.parameters(), *policy.buffers()):
            tensor.mul_(1.0 + 0.2 * torch.rand(tensor.shape, generator=generator))
    policy.head[1] = activation()
    return export_torch(policy, INPUTS, ("action", "state_out"))


def excerpt_of(model: bytes, steps: int = 8) -> Excerpt:
    """Golden steps as onnxruntime computes them."""
    observation = np.random.default_rng(5).normal(size=(steps, 22)).astype(np.float32)
    state, actions = np.zeros((1, 24), np.float32), []
    for step in range(steps):
        reset = np.array([[float(step == 0)]], np.float32)
        feeds = {"observation": observation[step : step + 1], "state_in": state, "reset": reset}
        action, state = run_onnx(model, feeds)
        actions.append(action[0])
    return Excerpt(observation, np.array(actions), state[0], np.ones(4, np.float32), np.ones(24, np.float32))


def replaceable(model: bytes, number: int, contract: bytes = CONTRACT) -> GeneratedPolicy:
    """Its C with replaceable weights; ``number`` fills the bundle's id."""
    return generate(model, f"{number:02x}" * 32, excerpt_of(model), contract=contract)


def replaceable_int8(model: bytes, number: int) -> GeneratedPolicy:
    """The same in integers, with golden steps that they compute."""
    excerpt, steps = excerpt_of(model, 64), 64
    state = np.zeros((1, steps, 24), np.float32)  # calibration looks at inputs only
    reset = np.zeros((1, steps), np.float32)
    reset[:, 0] = 1.0
    golden = Golden(excerpt.observation[None], reset, state, excerpt.action[None])
    ones = np.ones(4, np.float32), np.ones(24, np.float32)
    source = PolicySource("policy", f"{number:02x}" * 32, "0" * 64, model, golden, *ones, Path())
    return int8_c(source, contract=CONTRACT).generated
