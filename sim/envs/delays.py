"""Delays between the policy and the airframe, without rounding them to whole steps.

Commands: the policy's zero-order hold, shifted by the delay and averaged over each physics
step; the averages are convex combinations of the last commands whose weights depend on the
delay only. Observations: a linear interpolation between recorded physics states.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit


def command_slots(longest_delay_s: float, period_s: float) -> int:
    """Number of commands, the present one included, that a delay can still reach."""
    return math.ceil(longest_delay_s / period_s - 1e-9) + 1


def hold_weights(delay_s: np.ndarray, period_s: float, substeps: int, slots: int) -> np.ndarray:
    """Share of each recent command in each physics step of one control period.

    Substep k covers the time from ``k h`` to ``(k+1) h`` after the command was issued; what the
    motors see then was issued ``delay`` earlier.

    Args:
        delay_s: (num_envs,) seconds, at most ``(slots - 1) * period_s``.
        period_s: control period.
        substeps: physics steps per period.
        slots: commands kept; slot 0 is the present one, slot 1 the one before.

    Returns:
        (num_envs, substeps, slots) float32; the last axis sums to 1.
    """
    step_s = period_s / substeps
    begin = np.arange(substeps)[None, :, None] * step_s - np.asarray(delay_s, np.float64)[:, None, None]
    issued = -np.arange(slots)[None, None, :] * period_s
    overlap = np.minimum(begin + step_s, issued + period_s) - np.maximum(begin, issued)
    return (np.clip(overlap, 0.0, None) / step_s).astype(np.float32)


@njit(cache=True)
def mix_commands(commands, weights, substep, out):  # noqa: ANN001, ANN201
    """Write the mean delayed command of one substep.

    Args:
        commands: (num_envs, slots, num_rotors), newest first.
        weights: (num_envs, substeps, slots) from ``hold_weights``.
        substep: index of the physics step in the period.
        out: (num_envs, num_rotors), overwritten.
    """
    for i in range(commands.shape[0]):
        for r in range(commands.shape[2]):
            total = weights[i, substep, 0] * commands[i, 0, r]
            for slot in range(1, commands.shape[1]):
                total += weights[i, substep, slot] * commands[i, slot, r]
            out[i, r] = total


class StateHistory:
    """The last physics states of every environment, read back with a delay."""

    def __init__(self, num_envs: int, state_size: int, longest_delay_s: float, step_s: float) -> None:
        self._ring = np.zeros((math.floor(longest_delay_s / step_s + 1e-9) + 2, num_envs, state_size), np.float32)
        self._step_s = step_s
        self._newest = 0
        self._age = np.zeros((num_envs, 2), np.float32)
        self._second = np.zeros(state_size, np.int64)

    def restart(
        self, ids: np.ndarray, state: np.ndarray, delay_s: np.ndarray, second_delay_s: np.ndarray | None = None
    ) -> None:
        """Begin the episodes ``ids``: the start ``state`` (len(ids), size) is all there was before.

        Delays are (len(ids),) s of simulated time in nominal steps; the second one is that of the
        columns named by ``split`` and the same as the first when None.
        """
        self._ring[:, ids] = state
        second = delay_s if second_delay_s is None else second_delay_s
        self._age[ids] = np.stack([delay_s, second], axis=1) / self._step_s

    def split(self, columns: np.ndarray) -> None:
        """Give the columns where ``columns`` (size,) is True the second delay."""
        self._second[:] = columns

    def push(self, state: np.ndarray) -> None:
        """Record the state (num_envs, size) after one physics step."""
        self._newest = (self._newest + 1) % len(self._ring)
        self._ring[self._newest] = state

    def delayed(self, out: np.ndarray) -> None:
        """Write each environment's state as it was its delay ago, ``(num_envs, size)``."""
        _interpolate(self._ring, self._newest, self._age, self._second, out)


@njit(cache=True)
def _interpolate(ring, newest, age, second, out):  # noqa: ANN001, ANN202
    length = ring.shape[0]
    for i in range(ring.shape[1]):
        for k in range(ring.shape[2]):
            back = age[i, second[k]]
            whole = int(back)
            later = ring[(newest - whole) % length, i, k]
            earlier = ring[(newest - whole - 1) % length, i, k]
            out[i, k] = later + (back - np.float32(whole)) * (earlier - later)
