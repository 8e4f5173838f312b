"""From a recording of a held robot to what is known of each of its joints, and what is not."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.estimate import Estimate
from calibration.joints.bounds import largest_error
from calibration.joints.holdout import HORIZONS_S, prediction_errors
from calibration.joints.log import SHORTEST_S, JointLog, read_joint_log
from calibration.joints.problem import Problem, make_problem
from calibration.joints.residuals import missing_terms
from calibration.joints.solve import SEARCHED_S, Solution, solve_evolution, solve_least_squares
from calibration.joints.start import starting_dynamics
from calibration.joints.uncertainty import LARGEST_CORRELATION, WHITE, Uncertainty, uncertainty
from calibration.recording.record import Recording
from sim.bodies.dynamics import QUANTITIES, UNITS, JointDynamics
from sim.errors import ConfigError
from sim.spec import JointParameters

Array = NDArray[np.float64]
Tell = Callable[[str], None]
OPTIMISERS = ("least-squares", "cmaes")
HELD_OUT = 0.2
"""Share of the log, its end, that is not fitted and judges."""
STILL_RAD = 0.02
"""A joint that moved by less (standard deviation) has shown little."""
LINKS = "link_inertia"
SAID_OF_LINKS = (
    "mass and inertia of the links are not in joint data: every value holds for those of the model; were they wrong by"
    " 5 %, strength, armature, damping and friction would be by 5 %"
)


@dataclass(frozen=True)
class Fit:
    """The end of a search.

    Attributes:
        problem: that was solved.
        x: ``(6 n,)`` in ``SCALE``.
        residual: ``(k, n)`` there, prediction less reading, rad.
        jacobian: ``(k n, 6 n)`` there.
        held_out: the part of the log that was not fitted; ``None`` where it was too short.
    """

    problem: Problem
    x: Array
    residual: Array
    jacobian: Array
    held_out: JointLog | None


@dataclass(frozen=True)
class Identification:
    """What came of a recording.

    Attributes:
        estimate: what is stated, what is not, and how far to trust it.
        dynamics: where the search ended, what is not stated included.
        start: where it began.
        solution: how it went.
        log: what was looked at.
        fit: where the search ended, for whoever looks closer.
    """

    estimate: Estimate
    dynamics: JointDynamics
    start: JointDynamics
    solution: Solution
    log: JointLog
    fit: Fit


def identify_joints(
    recording: Recording, parameters: JointParameters, optimiser: str = "least-squares",
    tell: Tell = lambda _text: None, warm: JointDynamics | None = None,
) -> Identification:  # fmt: skip
    """Identify armature, damping, friction, bias, strength and delay of every joint.

    Args:
        recording: with ``joint_target`` and ``joint_position``, the base held still.
        parameters: whose gains the motors followed targets with.
        optimiser: of ``OPTIMISERS``.
        tell: hears what is done now.
        warm: where to start, such as what was identified last time; default: a regression of the log.

    Raises:
        ConfigError: for a recording that cannot be used, or an unknown optimiser.
    """
    if optimiser not in OPTIMISERS:
        raise ConfigError(f"unknown optimiser '{optimiser}'; choose one of: {', '.join(OPTIMISERS)}")
    began = time.process_time()
    whole = read_joint_log(recording, parameters)
    fitted, rest = _split(whole)
    if optimiser == "cmaes" and fitted.duration_s > SEARCHED_S:
        fitted = fitted.between(fitted.duration_s - SEARCHED_S, fitted.duration_s)
    problem = make_problem(recording.robot, parameters, fitted)
    tell("finding starting values by regression")
    low, high = problem.low * problem.scale, problem.high * problem.scale
    start = warm or starting_dynamics(problem.coarse, fitted, low, high)
    x = np.clip(start.stacked / problem.scale, problem.low, problem.high).reshape(-1)
    tell(f"fitting {x.size} quantities to {problem.readings.size} readings")
    solve = solve_least_squares if optimiser == "least-squares" else solve_evolution
    solution = solve(problem, x)
    tell("looking at what the fit knows, and at what is left")
    residual = problem.residual(solution.x)
    jacobian = problem.jacobian(solution.x) if solution.jacobian is None else solution.jacobian
    known = uncertainty(problem, residual, jacobian)
    found = solution.x.reshape(len(QUANTITIES), -1) * problem.scale
    notes = list(whole.warnings)
    shaken = [j for j, moved in enumerate(problem.readings.std(axis=0)) if moved >= STILL_RAD]
    notes += [
        f"{missing.joint}: the model lacks a term; residuals look most like {missing.term},"
        f" {missing.size:.2g} {missing.unit}"
        for missing in missing_terms(problem, solution.x, residual, jacobian, known, shaken)
    ]
    judged = shaken or list(range(problem.joints))  # of joints that hardly moved, readings show how they crept
    correlation = float(np.abs(known.correlation[judged]).max())
    if correlation > WHITE:
        notes.append(
            "residuals are not white noise: the model lacks something; intervals are widened by what that adds to the"
            " scatter, but a term that the model lacks also shifts values, and no interval holds that"
        )
    nominal = problem.fine.nominal.stacked
    holdout = {} if rest is None else prediction_errors(problem.fine, rest, np.stack([found, nominal]))
    diagnostics = {
        "condition": known.condition,
        "residual_rad": float(np.sqrt((known.noise_rad[judged] ** 2).mean())),
        "residual_correlation": correlation,
        "iterations": float(solution.iterations),
        "simulations": float(problem.simulations),
        "cpu_s": time.process_time() - began,
    }
    estimate = _estimate(problem, solution.x, known, holdout, diagnostics, tuple(notes))
    fit = Fit(problem, solution.x, residual, jacobian, rest)
    return Identification(estimate, JointDynamics.of(found), start, solution, whole, fit)


def parameter_name(quantity: str, joint: str) -> str:
    """Return what a quantity of a joint is called in an estimate."""
    return f"{quantity}.{joint}"


def _split(log: JointLog) -> tuple[JointLog, JointLog | None]:
    """Return what is fitted and what is held out, none of it where the log is too short."""
    at = (1.0 - HELD_OUT) * log.duration_s
    if at < SHORTEST_S or log.duration_s - at < HORIZONS_S[-1] + 0.1:
        return log, None
    return log.between(0.0, at), log.between(at, log.duration_s)


def _estimate(
    problem: Problem, x: Array, known: Uncertainty, holdout: dict[str, float], diagnostics: dict[str, float],
    notes: tuple[str, ...],
) -> Estimate:  # fmt: skip
    """State what is known well enough; say of the rest why it is not."""
    n, joints = problem.joints, problem.fine.parameters.joint_names
    scale = problem.scale.reshape(-1)
    values, covariance = x * scale, known.covariance * np.outer(scale, scale)
    errors = np.sqrt(np.diag(covariance))
    moved = problem.readings.std(axis=0)
    twins = _twins(problem, known)
    stated, unknown = [], {}
    for index, value in enumerate(values):
        quantity, joint = QUANTITIES[index // n], index % n
        reason = _reason(problem, quantity, joint, x[index], value, errors[index], moved[joint])
        name = parameter_name(quantity, joints[joint])
        twin = f"hard to tell from {twins[name][0]} (correlation {twins[name][1]:+.2f})" if name in twins else ""
        if reason is None:
            stated.append(index)
            notes += (f"{name} is {twin}",) if twin else ()
        else:
            unknown[name] = f"{reason}; {twin}" if twin else reason
    unknown[LINKS] = SAID_OF_LINKS
    return Estimate(
        names=tuple(parameter_name(QUANTITIES[index // n], joints[index % n]) for index in stated),
        units=tuple(UNITS[QUANTITIES[index // n]] for index in stated),
        values=values[stated],
        covariance=covariance[np.ix_(stated, stated)],
        unknown=unknown,
        holdout=holdout,
        diagnostics=diagnostics,
        notes=notes,
    )


def _reason(
    problem: Problem, quantity: str, joint: int, x: float, value: float, error: float, moved: float
) -> str | None:
    """Return why a quantity is not stated; ``None`` if it is."""
    row, unit = QUANTITIES.index(quantity), UNITS[quantity]
    most = largest_error(quantity, value)
    if error > most:
        why = (
            f"the joint moved by {np.degrees(moved):.1f} degrees only"
            if moved < STILL_RAD
            else "too little excitation, or none that tells it from the others"
        )
        return f"{why}: standard error {error:.2g} {unit}, stated with at most {most:.2g}"
    low, high = problem.low[row, joint], problem.high[row, joint]
    if x <= low or x >= high:
        which = "smallest" if x <= low else "largest"
        return f"at the {which} value that is looked at, {value:.3g} {unit}: not told from it"
    return None


def _twins(problem: Problem, known: Uncertainty) -> dict[str, tuple[str, float]]:
    """Return with which other quantity each is confused most, and the correlation, where that is hard to avoid."""
    n, joints = problem.joints, problem.fine.parameters.joint_names
    names = [parameter_name(quantity, joint) for quantity in QUANTITIES for joint in joints]
    errors = np.sqrt(np.diag(known.covariance))
    correlation = known.covariance / np.outer(errors, errors) - np.eye(len(QUANTITIES) * n)
    nearest = np.abs(correlation).argmax(axis=1)
    return {
        name: (names[other], float(correlation[index, other]))
        for index, (name, other) in enumerate(zip(names, nearest, strict=True))
        if abs(correlation[index, other]) > LARGEST_CORRELATION
    }
