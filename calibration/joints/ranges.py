"""How widely to randomise joints: by the likelihood of their log, beside by the covariance of their fit.

Both are judged by what neither has seen: how likely the held-out part of the log is, in nats per reading. Where the
model has every term they say the same; where it lacks one, the covariance is far too sure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from calibration.estimate import Estimate
from calibration.joints.identify import Fit, Identification
from calibration.joints.problem import Problem
from calibration.joints.uncertainty import uncertainty
from calibration.randomization_ranges import Ranges, likelihood_ranges, log_likelihood
from sim.bodies.dynamics import QUANTITIES
from sim.errors import ConfigError

Array = NDArray[np.float64]
STRETCH_S = 0.25
"""Joints that follow targets forget their state within a tenth of a second: what they do in a quarter is their own."""


@dataclass(frozen=True)
class JointRanges:
    """Two normal distributions of ``(6, n)`` quantities, and which explains the held-out log better.

    Attributes:
        mean: by likelihood.
        spread: by likelihood: standard deviations to randomise by, the standard error of the mean among them.
        covariance_spread: standard errors of the fit.
        likelihood: nats per held-out reading of the first; NaN where nothing was held out.
        covariance_likelihood: of the second.
    """

    mean: Array
    spread: Array
    covariance_spread: Array
    likelihood: float
    covariance_likelihood: float


def joint_ranges(found: Identification) -> JointRanges:
    """Return both distributions of an identified robot.

    Raises:
        ConfigError: for a log too short to tell a spread.
    """
    fit = found.fit
    problem, n = fit.problem, fit.problem.joints
    known = uncertainty(problem, fit.residual, fit.jacobian)
    noise = _white(fit.residual)
    held_out = None if fit.held_out is None else _looked_at(fit)
    shift, spread = np.zeros((len(QUANTITIES), n)), np.zeros((len(QUANTITIES), n))
    errors = np.sqrt(np.diag(known.covariance)).reshape(len(QUANTITIES), n)
    told = np.zeros(2)
    for joints in _limbs(problem):
        ranges = _limb_ranges(problem, fit.residual, fit.jacobian, joints, noise)
        wide = np.hypot(ranges.spread, errors[:, joints].reshape(-1))  # the mean is known no better than that
        shift[:, joints], spread[:, joints] = (each.reshape(-1, len(joints)) for each in (ranges.shift, wide))
        if held_out is not None:
            rows = (np.arange(len(QUANTITIES))[:, None] * n + joints).reshape(-1)
            residual, jacobian = _stretches(*held_out, joints)
            sure = known.covariance[np.ix_(rows.tolist(), rows.tolist())]
            told += (
                log_likelihood(residual, jacobian, noise, ranges.shift, np.diag(wide**2)),
                log_likelihood(residual, jacobian, noise, np.zeros(len(rows)), sure),
            )
    per_reading = told / held_out[1].size if held_out is not None else np.full(2, np.nan)
    at = fit.x.reshape(len(QUANTITIES), n)
    return JointRanges(
        (at + shift) * problem.scale, spread * problem.scale, errors * problem.scale,
        float(per_reading[0]), float(per_reading[1]),
    )  # fmt: skip


def with_ranges(estimate: Estimate, ranges: JointRanges, names: Sequence[str]) -> Estimate:
    """Return an estimate whose covariance is what to randomise by.

    Args:
        estimate: of the joints.
        ranges: of the same.
        names: of the joints, in order.
    """
    at = [QUANTITIES.index(name.partition(".")[0]) * len(names) + names.index(name.partition(".")[2])
          for name in estimate.names]  # fmt: skip
    better = ranges.likelihood - ranges.covariance_likelihood
    note = (
        "the covariance is the spread that makes the log likeliest (as DROPO), not the error of its mean; held-out"
        f" readings are {better:+.3f} nats each likelier by it"
    )
    return replace(
        estimate,
        values=ranges.mean.reshape(-1)[at],
        covariance=np.diag(ranges.spread.reshape(-1)[at] ** 2),
        notes=(*estimate.notes, note),
    )


def _limbs(problem: Problem) -> list[NDArray[np.intp]]:
    return [np.flatnonzero(problem.coarse.branch == limb) for limb in np.unique(problem.coarse.branch)]


def _limb_ranges(problem: Problem, residual: Array, jacobian: Array, joints: NDArray[np.intp], noise: float) -> Ranges:
    stretches = _stretches(problem, residual, jacobian, joints)
    if not len(stretches[0]):
        raise ConfigError("ranges: the log holds no whole stretch")
    return likelihood_ranges(*stretches, noise)


def _stretches(problem: Problem, residual: Array, jacobian: Array, joints: NDArray[np.intp]) -> tuple[Array, Array]:
    """Return one limb's readings less predictions (W, m) and their derivatives (W, m, p), stretch by stretch.

    Stretches that lost a reading are filled up with readings that say nothing.
    """
    n = problem.joints
    time_s = problem.log.time_s[problem.judged]
    which = ((time_s - time_s[0]) / STRETCH_S).astype(np.intp)
    count, longest = int(which.max()) + 1, int(np.bincount(which).max())
    place = np.arange(len(which)) - np.searchsorted(which, which)
    columns = jacobian.reshape(len(time_s), n, len(QUANTITIES), n)[:, joints][..., joints]
    away = np.zeros((count, longest, len(joints)))
    slopes = np.zeros((count, longest, len(joints), len(QUANTITIES) * len(joints)))
    away[which, place] = -residual[:, joints]
    slopes[which, place] = columns.reshape(len(time_s), len(joints), -1)
    return away.reshape(count, -1), slopes.reshape(count, longest * len(joints), -1)


def _looked_at(fit: Fit) -> tuple[Problem, Array, Array]:
    """Return the held-out part as a problem, with residuals and derivatives where the fit ended."""
    assert fit.held_out is not None
    problem = replace(fit.problem, log=fit.held_out)
    return problem, problem.residual(fit.x), problem.jacobian(fit.x)


def _white(residual: Array) -> float:
    """Return the noise of a reading from differences of neighbouring residuals, which what is missing hardly moves."""
    return float(np.sqrt(0.5 * (np.diff(residual, axis=0) ** 2).mean()))
