"""What a trajectory is: a function of time to position and its derivatives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.errors import ConfigError

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Reference:
    """Where to be at ``n`` instants, SI units, world frame; (n, 3) each unless stated."""

    position_w: Array
    velocity_w: Array
    acceleration_w: Array
    jerk_w: Array
    yaw_rad: Array
    """(n,)"""
    yaw_rate: Array
    """(n,) rad/s"""


class Trajectory(Protocol):
    """A reference that begins at the origin at rest when the time is zero and stays there before."""

    @property
    def settle_s(self) -> float:
        """Time after which tracking is judged: the ramp is over."""
        ...

    @property
    def duration_s(self) -> float:
        """Time after which it has shown all it has; it may be sampled beyond."""
        ...

    def sample(self, time_s: ArrayLike) -> Reference:
        """Return the reference at the times ``time_s`` (n,), in any order."""
        ...


def forward(position: Array, velocity: Array, acceleration: Array, jerk: Array) -> Reference:
    """Return a reference that keeps its heading at zero."""
    still = np.zeros(len(position))
    return Reference(position, velocity, acceleration, jerk, still, still.copy())


def times(time_s: ArrayLike) -> Array:
    """Return the sampling times (n,), those before the start moved to it.

    Raises:
        ConfigError: for times that are not finite.
    """
    time = np.atleast_1d(np.asarray(time_s, np.float64))
    if time.ndim != 1 or not np.isfinite(time).all():
        raise ConfigError("a trajectory is sampled at finite times in a vector (n,)")
    return np.maximum(time, 0.0)


def require_positive(kind: str, **values: float) -> None:
    """Refuse parameters that are not finite and positive.

    Raises:
        ConfigError: naming trajectory and parameter.
    """
    for name, value in values.items():
        if not 0.0 < value < np.inf:
            raise ConfigError(f"trajectory '{kind}': {name} must be positive, got {value:g}")


def require_finite(kind: str, **values: float) -> None:
    """Refuse parameters that are not finite.

    Raises:
        ConfigError: naming trajectory and parameter.
    """
    for name, value in values.items():
        if not np.isfinite(value):
            raise ConfigError(f"trajectory '{kind}': {name} must be a finite number, got {value:g}")
