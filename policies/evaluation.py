"""What an evaluation found: one row per episode, and the figures made from them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.randomization import RandomizationTable

_Z_95 = 1.959963984540054
"""Two-sided 95 % quantile of the standard normal distribution."""

_BINS = 8


@dataclass(frozen=True)
class Evaluation:
    """Episodes flown with one table, airframe set and seed; arrays have one entry per episode."""

    table: RandomizationTable
    parameter_set: str
    seed: int
    left_out: int
    """Draws that could not hover and were not flown."""
    success: np.ndarray
    """bool: the task's success criterion."""
    in_box: np.ndarray
    """bool: stayed in the task's box throughout."""
    steady_error_m: np.ndarray
    """Mean distance to the target over the steady window; infinite where the flight ended early."""
    survival_s: np.ndarray
    """Time until the flight ended: too far away, or a command that was not a number."""
    invalid_action: np.ndarray
    """bool: ended by a command that was not a number."""
    draws: dict[str, np.ndarray]
    """(episodes, size) raw draws of each randomized parameter."""
    command_change_rms: np.ndarray
    """Change of the applied command per control step while in the air, fractions of its range, rms over channels."""
    steady_command_change_rms: np.ndarray
    """The same over the steady window alone."""
    recovered_s: np.ndarray | None = None
    """Time from which on the flight stayed within the task's ``RecoveryCriterion``; infinite if it did not."""
    height_lost_m: np.ndarray | None = None
    """How far below its start the flight has been; with a ``RecoveryCriterion`` only."""

    @property
    def episodes(self) -> int:
        """Number of episodes flown."""
        return len(self.success)

    @property
    def success_rate(self) -> float:
        """Share of successful episodes."""
        return float(self.success.mean())

    @property
    def success_interval(self) -> tuple[float, float]:
        """95 % Wilson score interval of the success rate."""
        return wilson_interval(int(self.success.sum()), self.episodes)

    @property
    def median_steady_error_m(self) -> float:
        """Median over all episodes; infinite if most flights ended early."""
        return float(np.median(self.steady_error_m))

    @property
    def box_share(self) -> float:
        """Share of episodes that stayed in the box."""
        return float(self.in_box.mean())

    @property
    def mean_survival_s(self) -> float:
        """Mean time until the flight ended."""
        return float(self.survival_s.mean())

    def robustness(self, bins: int = _BINS) -> dict[str, dict[str, Any]]:
        """Success and steady error against each randomized parameter.

        A vector draw is reduced to its norm (added ones) or its largest deviation from 1
        (scaled ones). Bins hold equal numbers of episodes.

        Returns:
            For each parameter: ``quantity`` (what the axis shows) and lists with one entry per
            bin: ``centre`` (median), ``episodes``, ``success_rate``, ``median_steady_error_m``
            (``None`` where infinite).
        """
        result = {}
        for term in self.table.terms:
            value, quantity = _scalar(self.draws[term.parameter], term.mode)
            chunks = [c for c in np.array_split(np.argsort(value, kind="stable"), bins) if len(c)]
            result[term.parameter] = {
                "quantity": quantity,
                "centre": [float(np.median(value[chunk])) for chunk in chunks],
                "episodes": [len(chunk) for chunk in chunks],
                "success_rate": [float(self.success[chunk].mean()) for chunk in chunks],
                "median_steady_error_m": [finite(np.median(self.steady_error_m[chunk])) for chunk in chunks],
            }
        return result

    def summary(self) -> dict[str, Any]:
        """Return the figures as JSON-able data; infinite ones as ``None``."""
        return {
            "success_rate": self.success_rate,
            "success_interval": list(self.success_interval),
            "median_steady_error_m": finite(self.median_steady_error_m),
            "box_share": self.box_share,
            "mean_survival_s": self.mean_survival_s,
            "command_change_rms": finite(np.sqrt(np.mean(np.square(self.command_change_rms)))),
            "steady_command_change_rms": finite(np.sqrt(np.mean(np.square(self.steady_command_change_rms)))),
            **self._recovery_summary(),
            "invalid_action_share": float(self.invalid_action.mean()),
            "episodes": self.episodes,
            "left_out": self.left_out,
            "parameter_set": self.parameter_set,
            "seed": self.seed,
            "table": self.table.name,
            "table_hash": self.table.hash(),
        }

    def _recovery_summary(self) -> dict[str, Any]:
        if self.recovered_s is None or self.height_lost_m is None:
            return {}
        return {
            "median_recovered_s": finite(np.median(self.recovered_s)),
            "median_height_lost_m": finite(np.median(self.height_lost_m)),
            "largest_height_lost_m": finite(np.max(self.height_lost_m)),
        }


def wilson_interval(successes: int, trials: int) -> tuple[float, float]:
    """95 % score interval of a binomial proportion (Wilson 1927); (0, 1) without trials."""
    if trials == 0:
        return 0.0, 1.0
    share, z2 = successes / trials, _Z_95**2
    centre = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    half = _Z_95 * math.sqrt(share * (1 - share) / trials + z2 / (4 * trials**2)) / (1 + z2 / trials)
    return max(0.0, centre - half), min(1.0, centre + half)


def finite(value: float) -> float | None:
    """Return the value for JSON, which has no infinity and no NaN."""
    return float(value) if math.isfinite(value) else None


def _scalar(draw: np.ndarray, mode: str) -> tuple[np.ndarray, str]:
    if draw.shape[1] == 1:
        return draw[:, 0], "factor on nominal" if mode == "scale" else "value"
    if mode == "scale":
        return np.abs(draw - 1.0).max(axis=1), "largest deviation of a factor from 1"
    return np.linalg.norm(draw, axis=1), "norm"
