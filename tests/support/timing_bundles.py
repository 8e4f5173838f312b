"""Bundles of any rate and size for measurements: random weights, real graphs, golden sequences that hold."""

import dataclasses
import itertools
from pathlib import Path

import numpy as np
import torch
from torch import nn

import sim.tasks.hover as hover
from policies.build import describe
from policies.bundle import Bundle, Golden, save_bundle
from policies.export_onnx import export_onnx
from policies.provenance import provenance


class Mlp(nn.Module):
    """A tanh network without memory whose output stays within the motors' range."""

    state_size, action_size = 0, 4
    state_scale = ()

    def __init__(self, sizes: tuple[int, ...], seed: int = 0):
        super().__init__()
        torch.manual_seed(seed)
        self.observation_size = sizes[0]
        layers = []
        for inputs, outputs in itertools.pairwise((*sizes, 4)):
            layers += [nn.Linear(inputs, outputs), nn.Tanh()]
        self.layers = nn.Sequential(*layers)

    def config(self):
        return {"kind": "test_mlp"}

    def forward(self, observation, state_in, reset):
        return 0.5 + 0.4 * self.layers(observation), state_in


def build_timing_bundle(folder: Path, period_s: float, inputs: int = 22, hidden: tuple[int, ...] = (64, 64)) -> Bundle:
    """Write a flight bundle whose policy is stepped every ``period_s``.

    More than 22 inputs are made of the 18 terms of state again and again and the applied action at the end;
    ``inputs`` is therefore 4 more than a multiple of 18.
    """
    actor = Mlp((inputs, *hidden)).eval()
    repeats = (inputs - 4) // 18
    assert 18 * repeats + 4 == inputs
    info = describe(actor, hover, provenance(0, {"policy": "random weights, for timing"}), {})
    *state_terms, applied = info.observation
    info = dataclasses.replace(
        info,
        observation=(*(state_terms * repeats), applied),
        timing=dataclasses.replace(info.timing, control_period_s=period_s),
    )
    rng = np.random.default_rng(0)
    observation = rng.normal(0.0, 0.3, (2, 20, inputs)).astype(np.float32)
    with torch.no_grad():
        action = actor(torch.from_numpy(observation.reshape(40, inputs)), None, None)[0].numpy().reshape(2, 20, 4)
    reset = np.zeros((2, 20), np.float32)
    reset[:, 0] = 1.0
    return save_bundle(
        folder, info, export_onnx(actor), Golden(observation, reset, np.zeros((2, 20, 0), np.float32), action)
    )
