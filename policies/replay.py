"""Replay golden sequences through any back end and say how far it is off.

The replay is **free-running**: within a sequence the state a back end returns is the state it
gets back, so rounding differences accumulate as they would in flight. Numpy only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from policies.bundle import BundleInfo, Golden
from policies.policy import Policy, SequencePolicy


@dataclass(frozen=True)
class ParityErrors:
    """Largest deviation from the golden sequences; infinite where only one side is a number."""

    action: float
    """Relative to each action channel's range ``high - low``."""
    state: float
    """Relative to each state element's ``state_scale``; 0 for a policy without memory."""


def replay(policy: Policy, golden: Golden) -> tuple[np.ndarray, np.ndarray]:
    """Run all golden observations through ``policy``, all sequences as one batch (or as the back end likes).

    Args:
        policy: any back end.
        golden: the recorded sequences, ``S`` of ``T`` steps.

    Returns:
        action (S, T, action_size) and state after each step (S, T, state_size), float32.
    """
    if isinstance(policy, SequencePolicy):
        return policy.replay(golden.observation, golden.reset)
    sequences, steps = golden.reset.shape
    action = np.empty_like(golden.action)
    states = np.empty_like(golden.state)
    state = np.zeros((sequences, golden.state.shape[2]), np.float32)
    for t in range(steps):
        action[:, t], state = policy.step(golden.observation[:, t], state, golden.reset[:, t] > 0.5)
        states[:, t] = state
    return action, states


def parity_errors(policy: Policy, golden: Golden, info: BundleInfo) -> ParityErrors:
    """Replay ``golden`` through ``policy`` and measure the largest relative errors."""
    action, state = replay(policy, golden)
    span = np.subtract(info.action.high, info.action.low)
    return ParityErrors(
        action=largest_error(action, golden.action, span),
        state=largest_error(state, golden.state, np.asarray(info.state_scale)),
    )


def largest_error(actual: np.ndarray, expected: np.ndarray, scale: np.ndarray) -> float:
    """Largest ``|actual - expected| / scale`` over all elements (0 if there are none).

    Equal values (two NaNs and equal infinities too) differ by 0, a NaN beside a number by infinity.

    Args:
        actual: (..., k).
        expected: (..., k).
        scale: (k,), positive.
    """
    if actual.size == 0:
        return 0.0
    with np.errstate(invalid="ignore", over="ignore"):
        difference = np.abs(actual.astype(np.float64) - expected.astype(np.float64)) / scale
    same = (actual == expected) | (np.isnan(actual) & np.isnan(expected))
    difference = np.where(same, 0.0, np.where(np.isnan(difference), np.inf, difference))
    return float(difference.max())
