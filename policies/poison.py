"""Do NaN and infinity spread alike on every back end? Short sequences with one bad number each.

A back end that swallows a NaN (a clip written with ``min``, a fast approximate tanh) flies on
with a plausible command; the supervisor sees nothing. So every term of the observation is
poisoned once with NaN and both infinities, and what becomes NaN or infinite must agree at
every later step, through the memory and until a reset clears it.
"""

from __future__ import annotations

import numpy as np

from policies.bundle import BundleInfo, Golden
from policies.policy import Policy
from policies.replay import replay

POISONS = (np.nan, np.inf, -np.inf)
_POISONED_STEP = 1
_RESET_STEP = 4
_STEPS = 6
"""Reset, poisoned step, two steps of aftermath, a reset that must clear it, one more."""


def poisoned(golden: Golden, info: BundleInfo) -> Golden:
    """Return short sequences in which one element of one term is not a number.

    Shapes: (3 * terms, 6, ...); the expected ``state`` and ``action`` are left empty (zeros),
    because only back ends are compared with each other.
    """
    ends = np.cumsum([term.size for term in (*info.observation, *info.images)])
    elements = np.repeat(ends - 1, len(POISONS))
    count = len(elements)
    start = golden.observation[np.arange(count) % len(golden.observation), :1]
    observation = np.repeat(start, _STEPS, axis=1)
    observation[np.arange(count), _POISONED_STEP, elements] = np.tile(POISONS, len(ends)).astype(np.float32)
    reset = np.zeros((count, _STEPS), np.float32)
    reset[:, [0, _RESET_STEP]] = 1.0
    return Golden(
        observation=observation,
        reset=reset,
        state=np.zeros((count, _STEPS, info.state_size), np.float32),
        action=np.zeros((count, _STEPS, info.action.size), np.float32),
    )


def spread(policy: Policy, sequences: Golden) -> tuple[np.ndarray, np.ndarray]:
    """Return the class of every action and state: 0 finite, 1 NaN, 2 and 3 plus and minus infinity."""
    action, state = replay(policy, sequences)
    return _classes(action), _classes(state)


def since_reset(sequences: Golden) -> np.ndarray:
    """Return (sequences, steps) bool: an observation since the last reset, or this one, was not finite."""
    bad = np.asarray(~np.isfinite(sequences.observation).all(axis=2))
    for t in range(1, bad.shape[1]):
        bad[:, t] |= bad[:, t - 1] & ~(sequences.reset[:, t] > 0.5)
    return bad


def _classes(values: np.ndarray) -> np.ndarray:
    return np.select([np.isnan(values), np.isposinf(values), np.isneginf(values)], [1, 2, 3])
