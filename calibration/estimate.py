"""What an identification says of a robot: values with their covariance, and what the data does not hold.

A parameter is either stated, with a standard error, or named in ``unknown`` with the reason; never both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from sim.errors import ConfigError

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """Parameters of one robot as identified from one recording.

    Raises:
        ConfigError: for shapes that do not belong together, or a parameter both stated and unknown.
    """

    names: tuple[str, ...]
    """Of the parameters that are stated."""
    units: tuple[str, ...]
    values: Array
    """``(p,)`` in ``units``."""
    covariance: Array
    """``(p, p)``, in the products of ``units``."""
    unknown: Mapping[str, str] = field(default_factory=dict)
    """Parameters that the data does not hold, and why."""
    holdout: Mapping[str, float] = field(default_factory=dict)
    """Errors of prediction on data that was not fitted, such as ``"position_m.0.5s"`` of the model and
    ``"nominal.position_m.0.5s"`` of the nominal one: what, its unit, and how far ahead."""
    diagnostics: Mapping[str, float] = field(default_factory=dict)
    """Numbers that say how far to trust it: conditioning, whiteness of residuals, iterations."""
    notes: tuple[str, ...] = ()
    """The same in sentences for people: pairs that cannot be told apart, residuals that show a missing term."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", np.asarray(self.values, np.float64))
        object.__setattr__(self, "covariance", np.asarray(self.covariance, np.float64))
        count = len(self.names)
        if len(self.units) != count or self.values.shape != (count,) or self.covariance.shape != (count, count):
            raise ConfigError(f"estimate: {count} names need as many units, values and rows of the covariance")
        both = sorted(set(self.names) & set(self.unknown))
        if both:
            raise ConfigError(f"estimate: '{both[0]}' is both stated and unknown")

    def value(self, name: str) -> float:
        """Return one parameter.

        Raises:
            ConfigError: if it is not stated; the message says why.
        """
        return float(self.values[self._index(name)])

    def standard_error(self, name: str) -> float:
        """Return the standard error of one parameter; raises as ``value``."""
        index = self._index(name)
        return float(np.sqrt(self.covariance[index, index]))

    def interval(self, share: float = 0.90) -> Array:
        """Return the central interval of each parameter that holds the truth in ``share`` of cases, ``(p, 2)``.

        Gaussian: thousands of residuals for some twenty parameters make Student's t no different.
        """
        half = ndtri(0.5 + 0.5 * share) * np.sqrt(np.diag(self.covariance))
        return np.stack([self.values - half, self.values + half], axis=1)

    def as_data(self) -> dict[str, Any]:
        """Return it as JSON-able data; ``from_data`` is the inverse."""
        return {
            "parameters": {
                name: {"value": value, "unit": unit, "standard_error": error}
                for name, unit, value, error in zip(
                    self.names, self.units, self.values.tolist(), np.sqrt(np.diag(self.covariance)).tolist()
                )
            },
            "covariance": self.covariance.tolist(),
            "unknown": dict(self.unknown),
            "holdout": dict(self.holdout),
            "diagnostics": dict(self.diagnostics),
            "notes": list(self.notes),
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Estimate:
        """Return the estimate that ``as_data`` wrote.

        Raises:
            ConfigError: if it is not one.
        """
        try:
            parameters = data["parameters"]
            return cls(
                names=tuple(parameters),
                units=tuple(str(entry["unit"]) for entry in parameters.values()),
                values=np.array([float(entry["value"]) for entry in parameters.values()]),
                covariance=np.array(data["covariance"], np.float64).reshape(len(parameters), len(parameters)),
                unknown=dict(data["unknown"]),
                holdout=dict(data["holdout"]),
                diagnostics=dict(data["diagnostics"]),
                notes=tuple(data["notes"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ConfigError(f"estimate: not what a calibration wrote ({type(error).__name__}: {error})") from None

    def _index(self, name: str) -> int:
        if name in self.unknown:
            raise ConfigError(f"estimate: '{name}' is not known: {self.unknown[name]}")
        if name not in self.names:
            raise ConfigError(f"estimate: no parameter '{name}'; there are: {', '.join(self.names)}")
        return self.names.index(name)
