"""What an evaluation follows through its episodes besides distances: smoothness of commands, recovery of a throw."""

from __future__ import annotations

import numpy as np

from sim.spec import ActionSpec, RecoveryCriterion


class CommandChange:
    """Sum of squared changes of the commands from step to step, in fractions of their ranges."""

    def __init__(self, action: ActionSpec, n: int) -> None:
        self._span = np.array(action.high, np.float32) - np.array(action.low, np.float32)
        self._last = np.tile(np.array(action.nominal, np.float32), (n, 1))
        self._sum = np.zeros(n)
        self._steps = np.zeros(n)

    def add(self, applied: np.ndarray, flying: np.ndarray) -> None:
        """Take in the commands applied in one control step, ``(n, channels)``; only flights in the air count."""
        change = (applied - self._last) / self._span
        self._sum += np.where(flying, np.square(change).mean(axis=1), 0.0)
        self._steps += flying
        self._last[:] = applied

    def rms(self) -> np.ndarray:
        """Root mean square over channels and steps of each flight, ``(n,)``; 0 where none was in the air."""
        return np.sqrt(self._sum / np.maximum(self._steps, 1.0))


class Recovery:
    """When each flight was upright and slow for good, and how far it fell before.

    Attributes:
        recovered_s: time from which on the flight stayed within the limits, infinite while it is outside, (n,).
        height_lost_m: how far below its start the flight has been, (n,).
    """

    def __init__(self, criterion: RecoveryCriterion, start_height_m: np.ndarray) -> None:
        self._criterion = criterion
        self._start_height_m = start_height_m.astype(np.float64)
        self.recovered_s = np.zeros(len(start_height_m))
        self.height_lost_m = np.zeros(len(start_height_m))

    def add(self, time_s: float, state: np.ndarray) -> None:
        """Take in the true states ``(n, 13 or more)`` at ``time_s``, layout of ``sim.flight``."""
        limits = self._criterion
        cosine = 1.0 - 2.0 * np.square(state[:, 4:6]).sum(axis=1)
        calm = cosine >= np.cos(limits.tilt_rad)
        calm &= np.square(state[:, 7:10]).sum(axis=1) <= limits.speed_m_s**2
        calm &= np.square(state[:, 10:13]).sum(axis=1) <= limits.angular_rate_rad_s**2
        self.recovered_s[~calm] = np.inf  # NaN is not calm
        again = calm & np.isinf(self.recovered_s)
        self.recovered_s[again] = time_s
        np.fmax(self.height_lost_m, self._start_height_m - state[:, 2], out=self.height_lost_m)

    @property
    def in_time(self) -> np.ndarray:
        """Whether each flight was within the limits from the time asked for on, (n,) bool."""
        return self.recovered_s <= self._criterion.within_s + 1e-9  # times are sums of periods
