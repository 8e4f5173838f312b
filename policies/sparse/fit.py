"""Fit the network to motions: squared errors of poses, cross entropy of contacts, Adam with a cosine.

Trackers' noise is drawn anew for each copy of a motion, so the network is never shown the same poses without it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from policies.option_checks import require_at_least, require_positive
from policies.sparse.data import Pair
from policies.sparse.network import SparseNetwork, SparseNetworkConfig
from sim.errors import ConfigError
from sim.motion.sparse.pose_code import code_size, encode, foot_targets
from sim.motion.sparse.tracked import tracked_of
from sim.motion.sparse.variations import DURATION_S
from sim.motion.sparse.window import WINDOW_SIZE, heading_of, windows_of

Array = NDArray[np.float32]

LEAST_SCALE = 0.02
"""m or rad: what moves less is not magnified to count as much as the rest."""
CONTACT_WEIGHT = 0.1


@dataclass(frozen=True)
class FitConfig:
    """Settings of the fit."""

    clips: int = 60
    """Motions to learn from."""
    held_out: int = 16
    """Motions to judge by."""
    duration_s: float = DURATION_S
    """Of each motion."""
    epochs: int = 40
    """Passes over all windows."""
    batch: int = 512
    """Windows per step."""
    learning_rate: float = 2e-3
    """At the beginning; falls to none along a cosine."""
    hidden: int = 128
    """Width of the network's two layers."""
    stride: int = 3
    """Every so many frames of the trackers a window is taken."""
    copies: int = 2
    """Of each motion, with noise of their own."""
    noise_position_m: float = 0.002
    """Deviation of the trackers' positions in each axis."""
    noise_turn_rad: float = 0.01
    """Deviation of their turns."""

    def __post_init__(self) -> None:
        counts = ("clips", "held_out", "epochs", "batch", "hidden", "stride", "copies")
        require_at_least(1, {name.replace("_", "-"): getattr(self, name) for name in counts})
        require_positive({"learning-rate": self.learning_rate})
        require_at_least(0, {"noise-position-m": self.noise_position_m, "noise-turn-rad": self.noise_turn_rad})


def examples(pairs: Sequence[Pair], robot: str, config: FitConfig, rng: np.random.Generator) -> tuple[Array, Array]:
    """Return windows (N, window) and poses (N, code) of all motions and their copies, float32."""
    seen, wanted = [], []
    for pair in pairs:
        clean = tracked_of(pair.person, robot)
        for _ in range(config.copies):
            tracked = clean.noisy(rng, config.noise_position_m, config.noise_turn_rad)
            heading = heading_of(tracked)
            first = int(rng.integers(config.stride))
            seen.append(windows_of(tracked, heading)[first :: config.stride])
            wanted.append(encode(pair.robot, heading)[first :: config.stride])
    return np.concatenate(seen).astype(np.float32), np.concatenate(wanted).astype(np.float32)


def fit(
    pairs: Sequence[Pair], robot: str, config: FitConfig, seed: int, note: Callable[[int, float], None] | None = None
) -> SparseNetwork:
    """Return a trained network.

    Args:
        pairs: motions to learn from.
        robot: whose.
        config: settings.
        seed: of weights, noise and order.
        note: called after each epoch with its number and the mean loss.

    Raises:
        ConfigError: if the fit diverges.
    """
    windows, codes = examples(pairs, robot, config, np.random.default_rng(seed))
    torch.manual_seed(seed)
    feet = len(foot_targets(robot))
    network = SparseNetwork(SparseNetworkConfig(WINDOW_SIZE, code_size(robot), feet, config.hidden))
    seen, wanted = torch.from_numpy(windows), torch.from_numpy(codes)
    _standardize(network, seen, wanted[:, :-feet])
    optimizer = torch.optim.Adam(network.parameters(), config.learning_rate)
    batches = math.ceil(len(seen) / config.batch)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, config.epochs * batches)
    target = (wanted[:, :-feet] - network.code_mean) / network.code_scale
    for epoch in range(config.epochs):
        total = 0.0
        for chosen in torch.randperm(len(seen)).split(config.batch):
            pose, logits = network.standard(seen[chosen])
            loss = torch.nn.functional.mse_loss(pose, target[chosen])
            contact = torch.nn.functional.binary_cross_entropy_with_logits(logits, wanted[chosen, -feet:])
            optimizer.zero_grad()
            (loss + CONTACT_WEIGHT * contact).backward()
            optimizer.step()
            schedule.step()
            total += float(loss.detach()) * len(chosen)
        if not math.isfinite(total):
            raise ConfigError(f"the fit diverged in epoch {epoch + 1}: lower --learning-rate {config.learning_rate:g}")
        if note is not None:
            note(epoch, total / len(seen))
    return network.eval()


def _standardize(network: SparseNetwork, seen: torch.Tensor, wanted: torch.Tensor) -> None:
    network.window_mean[:] = seen.mean(dim=0)
    network.window_scale[:] = seen.std(dim=0).clamp_min(LEAST_SCALE)
    network.code_mean[:] = wanted.mean(dim=0)
    network.code_scale[:] = wanted.std(dim=0).clamp_min(LEAST_SCALE)
