"""The last stop before the link: whatever a policy returns, the command keeps to the bundle's limits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sim.spec import ActionSpec


class CommandLimiter:
    """Clips a command to its range and to its largest change per control period.

    Args:
        action: from the bundle.
        period_s: control period.
        start: (n,) what counts as applied before the first command; default: the nominal one.
    """

    def __init__(self, action: ActionSpec, period_s: float, start: np.ndarray | None = None) -> None:
        self._low = np.asarray(action.low)
        self._high = np.asarray(action.high)
        self._start = np.asarray(action.nominal) if start is None else start
        self._step = np.asarray(action.slew_limit) * period_s
        self.reset()

    def reset(self) -> None:
        """Forget the last command: the next one may be anywhere near where commands start."""
        self.applied = self._start.copy()
        """(n,) the command that really left, as the policy's ``applied_action``."""

    def limit(self, wanted: Sequence[float] | np.ndarray) -> np.ndarray | None:
        """Return the nearest command that may be applied, (n,); ``None`` if ``wanted`` has a number that is none."""
        values = np.asarray(wanted, dtype=np.float64)
        if values.shape != self._low.shape or not np.isfinite(values).all():
            return None
        low = np.maximum(self._low, self.applied - self._step)
        high = np.minimum(self._high, self.applied + self._step)
        self.applied = np.clip(values, low, high)
        return self.applied
