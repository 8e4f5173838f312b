"""What a state estimator makes of the true state: errors that are constant, wander, or come of holding on.

White noise per observation term belongs to the randomization table; here is the rest. Position and
velocity come from outside (cameras, base stations, a floor's texture) at that system's own rate and
age; attitude and angular velocity come from the inertial unit on board.
"""

from __future__ import annotations

import numpy as np

from sim.randomization import Sample

EXTERNAL = np.array([True] * 3 + [False] * 4 + [True] * 3 + [False] * 3)
"""Which of the 13 numbers of a rigid state an external system delivers: position and velocity."""
_EXTERNAL_COLUMNS = np.flatnonzero(EXTERNAL)


class Estimator:
    """Estimators of ``num_envs`` robots."""

    def __init__(self, num_envs: int, period_s: float) -> None:
        self._period_s = period_s
        self._gyro_bias_b = np.zeros((num_envs, 3), np.float32)
        self._attitude_bias = np.tile(np.array([1.0, 0.0, 0.0, 0.0], np.float32), (num_envs, 1))
        self._interval_s = np.zeros(num_envs, np.float32)
        self._left_s = np.zeros(num_envs, np.float32)
        self._held = np.zeros((num_envs, 6), np.float32)
        self._drift = np.zeros(num_envs, np.float32)
        self.position_error_w = np.zeros((num_envs, 3), np.float32)
        """How far the estimated position is off now, besides noise and age, (num_envs, 3) m."""
        self._rng = np.random.default_rng(0)

    def seed(self, rng: np.random.Generator) -> None:
        """Take an own random stream from ``rng`` without advancing it."""
        self._rng = rng.spawn(1)[0]

    def restart(self, ids: np.ndarray, drawn: Sample) -> None:
        """Begin the episodes ``ids``, one row of ``drawn`` each; the first estimate is always fresh."""
        self._gyro_bias_b[ids] = drawn.gyro_bias_b
        half = 0.5 * drawn.attitude_bias_b.astype(np.float64)
        angle = np.linalg.norm(half, axis=1, keepdims=True)
        self._attitude_bias[ids] = np.hstack([np.cos(angle), np.sinc(angle / np.pi) * half])
        self._interval_s[ids] = drawn.estimator_period_s
        self._left_s[ids] = -self._rng.random(len(ids)) * drawn.estimator_period_s  # due at once, then at any phase
        self._drift[ids] = drawn.position_drift
        self.position_error_w[ids] = drawn.position_bias_w

    def measure(self, state: np.ndarray, *, elapsed: bool = True) -> None:
        """Turn true states into estimates, in place.

        Args:
            state: (num_envs, 13) float32, delayed already.
            elapsed: whether a control period has gone by since the last call.
        """
        if elapsed:
            self._wander()
        if self._interval_s.any():
            self._hold(state, elapsed)
        state[:, 0:3] += self.position_error_w
        state[:, 3:7] = _product(state[:, 3:7], self._attitude_bias)
        state[:, 10:13] += self._gyro_bias_b

    def _wander(self) -> None:
        if self._drift.any():
            step = self._rng.standard_normal(self.position_error_w.shape, np.float32)
            self.position_error_w += np.sqrt(self._period_s) * self._drift[:, None] * step

    def _hold(self, state: np.ndarray, elapsed: bool) -> None:
        if elapsed:
            self._left_s -= np.float32(self._period_s)
        due = self._left_s <= 0.0
        self._held[due] = state[np.ix_(due, _EXTERNAL_COLUMNS)]
        # A period shorter than the policy's is always due.
        self._left_s[due] = np.maximum(self._left_s + self._interval_s, -self._interval_s)[due]
        state[:, _EXTERNAL_COLUMNS] = self._held


def _product(q: np.ndarray, r: np.ndarray) -> np.ndarray:
    """Quaternion product q r, wxyz, (n, 4) each."""
    w, x, y, z = q.T
    a, b, c, d = r.T
    return np.stack(
        [
            w * a - x * b - y * c - z * d,
            w * b + x * a + y * d - z * c,
            w * c - x * d + y * a + z * b,
            w * d + x * c - y * b + z * a,
        ],
        axis=1,
    )
