"""Packets that never arrive, in either direction of a radio link.

A lost command leaves the one before in force; a lost state leaves the policy with what it saw
last. One probability per environment, every packet drawn apart. Without loss nothing is drawn,
so tasks without a radio see the same random numbers as if this did not exist.
"""

from __future__ import annotations

import numpy as np


class PacketLoss:
    """Loss of ``num_envs`` links."""

    def __init__(self, num_envs: int, state_size: int) -> None:
        self._share = np.zeros(num_envs, np.float32)
        self._seen = np.zeros((num_envs, state_size), np.float32)
        self._fresh = np.ones(num_envs, bool)
        self._rng = np.random.default_rng(0)

    def seed(self, rng: np.random.Generator) -> None:
        """Take an own random stream from ``rng`` without advancing it."""
        self._rng = rng.spawn(1)[0]

    def restart(self, ids: np.ndarray, share: np.ndarray) -> None:
        """Begin the episodes ``ids`` with probabilities ``share``; the first state always arrives."""
        self._share[ids] = share
        self._fresh[ids] = True

    def receive(self, sent: np.ndarray, held: np.ndarray) -> None:
        """Write the commands ``sent`` (num_envs, k) that arrive into those ``held`` so far."""
        arrived = ~self._lost()
        held[arrived] = sent[arrived]

    def repeat(self, state: np.ndarray) -> None:
        """Replace the states (num_envs, size) that do not arrive by those seen last."""
        if not self._share.any():
            return
        lost = self._lost() & ~self._fresh
        state[lost] = self._seen[lost]
        self._seen[:] = state
        self._fresh[:] = False

    def _lost(self) -> np.ndarray:
        if not self._share.any():
            return np.zeros(len(self._share), bool)
        return self._rng.random(len(self._share), np.float32) < self._share
