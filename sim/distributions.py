"""The named distributions that randomization tables are made of: data that can draw samples."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

import numpy as np

from sim.errors import ConfigError


@dataclass(frozen=True)
class Uniform:
    """Uniform on ``[low, high)``."""

    low: float
    high: float

    def __post_init__(self) -> None:
        if not self.low <= self.high:
            raise ConfigError(f"uniform distribution: low {self.low} is above high {self.high}")

    def sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        """Return float64 draws of the given shape."""
        return rng.uniform(self.low, self.high, shape)

    def quantile(self, share: np.ndarray) -> np.ndarray:
        """Return the value below which ``share``, in [0, 1), of all draws are; any shape."""
        return self.low + (self.high - self.low) * share

    def __str__(self) -> str:
        return f"uniform({self.low:g}, {self.high:g})"


@dataclass(frozen=True)
class LogUniform:
    """Uniform in the logarithm on ``[low, high)``; both positive."""

    low: float
    high: float

    def __post_init__(self) -> None:
        if not 0.0 < self.low <= self.high:
            raise ConfigError(f"log-uniform distribution: needs 0 < low <= high, got {self.low} and {self.high}")

    def sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        """Return float64 draws of the given shape."""
        return np.exp(rng.uniform(math.log(self.low), math.log(self.high), shape))

    def quantile(self, share: np.ndarray) -> np.ndarray:
        """Return the value below which ``share``, in [0, 1), of all draws are; any shape."""
        return self.low * np.exp(math.log(self.high / self.low) * share)

    def __str__(self) -> str:
        return f"log-uniform({self.low:g}, {self.high:g})"


@dataclass(frozen=True)
class Normal:
    """Normal with the given mean and standard deviation."""

    mean: float
    std: float

    def __post_init__(self) -> None:
        if not self.std >= 0.0:
            raise ConfigError(f"normal distribution: the standard deviation {self.std} is negative")

    def sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        """Return float64 draws of the given shape."""
        return rng.normal(self.mean, self.std, shape)

    def quantile(self, share: np.ndarray) -> np.ndarray:
        """Return the value below which ``share``, in [0, 1), of all draws are; any shape."""
        from scipy.special import ndtri

        return self.mean + self.std * ndtri(np.maximum(share, _LEAST_SHARE))

    def __str__(self) -> str:
        return f"normal({self.mean:g}, {self.std:g})"


@dataclass(frozen=True)
class Constant:
    """Always the same value."""

    value: float

    def sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        """Return the value in the given shape; ``rng`` is left untouched."""
        del rng
        return np.full(shape, self.value)

    def quantile(self, share: np.ndarray) -> np.ndarray:
        """Return the value, in the shape of ``share``."""
        return np.full(np.shape(share), self.value)

    def __str__(self) -> str:
        return f"constant({self.value:g})"


@dataclass(frozen=True)
class Identified:
    """What the file of one identified robot says, drawn together with all else in it (identified_airframe.py)."""

    serial: str
    sha256: str
    """Of the file: equal hashes mean equal distributions."""
    marginal: str
    """Mean and spread of the parameter alone, for people."""

    def sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        """Refuse: alone, it would lose what it has in common with the robot's other parameters."""
        raise ConfigError(f"parameters of {self.serial} are drawn together, not one by one")

    def quantile(self, share: np.ndarray) -> np.ndarray:
        """Refuse, as ``sample``."""
        raise ConfigError(f"parameters of {self.serial} are drawn together, not one by one")

    def __str__(self) -> str:
        return f"{self.marginal}, with {self.serial}'s covariance"


_LEAST_SHARE = 2.0**-25
"""Half the step of a float32 in [0, 1): a normal value has no lowest one."""

Distribution = Uniform | LogUniform | Normal | Constant | Identified


def as_data(distribution: Distribution) -> dict[str, float | str]:
    """Return ``{"kind": ..., parameters...}``, JSON-able and canonical."""
    return {"kind": type(distribution).__name__, **dataclasses.asdict(distribution)}
