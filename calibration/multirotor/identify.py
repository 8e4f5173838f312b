"""From a recorded flight to what is known of the multirotor that flew it, and what is not."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.estimate import Estimate
from calibration.multirotor import residuals
from calibration.multirotor.fit import Solution, derivative, solve
from calibration.multirotor.holdout import HORIZONS_S, SHARE, prediction_errors
from calibration.multirotor.identifiability import Identifiability, judge
from calibration.multirotor.noise import improve
from calibration.multirotor.prediction import Predictor
from calibration.multirotor.quantities import AXES, Quantities
from calibration.multirotor.samples import SHORTEST_S, Flight, read_flight
from calibration.recording.record import Recording
from sim.errors import ConfigError
from sim.spec import MultirotorParameters

Array = NDArray[np.floating]

NO_BETTER = "the fit predicts what it did not see worse than the nominal model does: this log does not suit the model"
UNSETTLED = "the search did not settle: this flight, or its nominal model, says too little"
LARGEST_MOVE = 1.0
"""Standard errors of the last round's largest move, beyond which a search has not settled."""
SHOWN_PAIRS = 4
"""Of those that are hard to tell apart, the worst."""
WORSE = 2.0
"""Times the nominal model's error of position after half a second, beyond which a fit is not believed."""
NOT_FOLLOWED = "no model follows this flight: if it ended in a crash, log another, or give the part before it"
NOT_WEIGHED = "the robot was not weighed: a flight holds only its ratio to the mass"


@dataclass(frozen=True)
class Weight:
    """A weighed mass.

    Raises:
        ConfigError: for a mass or an uncertainty that is not positive.
    """

    mass_kg: float
    standard_error_kg: float

    def __post_init__(self) -> None:
        if not (self.mass_kg > 0.0 and self.standard_error_kg > 0.0):
            raise ConfigError(
                f"a weighed mass and its uncertainty are positive, in kg: got {self.mass_kg:g} and"
                f" {self.standard_error_kg:g}"
            )


@dataclass(frozen=True)
class Identification:
    """What came of a recording."""

    estimate: Estimate
    solution: Solution
    quantities: Quantities
    flight: Flight


def identify_multirotor(
    recording: Recording, nominal: MultirotorParameters, weight: Weight | None = None, start: Array | None = None
) -> Identification:
    """Identify a multirotor from one flight.

    Args:
        recording: gyroscope and motor commands, with an accelerometer, positions or both.
        nominal: constants that the robot should have.
        weight: of the robot; without it only ratios to the mass are stated.
        start: coordinates to begin at (quantities.py), such as an earlier calibration's.

    Raises:
        ConfigError: for a recording that cannot be used; the message says why.
    """
    began = time.process_time()
    quantities = Quantities(nominal)
    flight = read_flight(recording, nominal.num_rotors)
    holdout: dict[str, float] = {}
    if (1.0 - SHARE) * flight.duration_s > SHORTEST_S and SHARE * flight.duration_s > HORIZONS_S[1]:
        start, holdout = _hold_out(quantities, flight, start)
    solution = solve(quantities, flight, start)
    if not np.isfinite(solution.information).all():
        raise ConfigError(f"{recording.source}: {NOT_FOLLOWED}")
    known = judge(quantities, solution.z, solution.covariance, solution.information)
    refused = NO_BETTER if _worse(holdout) else UNSETTLED if solution.moved > LARGEST_MOVE else None
    if refused is not None:
        known = dataclasses.replace(known, unknown=dict.fromkeys(quantities.names, refused), pairs=())
    jacobian = derivative(solution.predictor, solution.z)
    wider = residuals.widening(solution.residual, jacobian, solution.covariance)
    neighbours = residuals.autocorrelation(solution.residual, 1)
    diagnostics = {
        "condition": known.condition,
        "residual_correlation": float(np.abs(neighbours).max()),
        "widening": float(wider.max()),
        "rounds": float(solution.rounds),
        "iterations": float(solution.iterations),
        "drop_outs": float(flight.drop_outs),
        "cpu_s": time.process_time() - began,
    }
    notes = _notes(quantities, solution, known, wider)
    estimate = state(quantities, solution, known, weight, holdout, diagnostics, notes)
    return Identification(estimate, solution, quantities, flight)


def state(
    quantities: Quantities, solution: Solution, known: Identifiability, weight: Weight | None,
    holdout: dict[str, float], diagnostics: dict[str, float], notes: tuple[str, ...],
) -> Estimate:  # fmt: skip
    """State what is known: the ratios, and with a weighed mass what follows from them to first order."""
    ratios = quantities.values(solution.z)
    slopes = np.array([quantity.slope(float(z)) for quantity, z in zip(quantities.all, solution.z)])
    mass, mass_error = (weight.mass_kg, weight.standard_error_kg) if weight else (1.0, 0.0)
    covariance = np.zeros((len(ratios) + 1, len(ratios) + 1))
    covariance[:-1, :-1] = solution.covariance * np.outer(slopes, slopes)
    covariance[-1, -1] = mass_error**2
    rows = np.eye(len(ratios) + 1)
    names = [quantity.name for quantity in quantities.all] + ["mass"]
    units = [quantity.unit for quantity in quantities.all] + ["kg"]
    values = [*ratios, mass]
    unknown = dict(known.unknown)
    stated = [k for k, name in enumerate(names[:-1]) if name not in unknown]
    derived = {
        "thrust": ("N", "thrust_over_mass", 1.0),
        **{f"inertia_{a}": ("kg m^2", f"inertia_over_mass_{a}", 1.0) for a in AXES},
        **{f"rotor_drag_{a}": ("N s/m", f"drag_over_mass_{a}", 1.0) for a in AXES},
        "torque_constant_over_yaw_inertia": ("1/(kg m)", "torque_constant_mass_over_yaw_inertia", -1.0),
    }
    extra_rows: list[Array] = []
    for name, (unit, of, power) in derived.items():
        if of in unknown:
            unknown[name] = unknown[of]
        elif weight is None:
            unknown[name] = NOT_WEIGHED
        else:
            row = np.zeros(len(ratios) + 1)
            ratio = ratios[quantities.index(of)]
            row[quantities.index(of)], row[-1] = mass**power, power * ratio * mass ** (power - 1.0)
            extra_rows.append(row)
            names.append(name), units.append(unit), values.append(ratio * mass**power)
    if weight is None:
        unknown["mass"] = NOT_WEIGHED
    else:
        stated.append(len(ratios))
    stated += range(len(ratios) + 1, len(names))
    transform = np.concatenate([rows, *(row[None] for row in extra_rows)])[stated]
    return Estimate(
        names=tuple(names[k] for k in stated),
        units=tuple(units[k] for k in stated),
        values=np.array([values[k] for k in stated]),
        covariance=transform @ covariance @ transform.T,
        unknown=unknown,
        holdout=holdout,
        diagnostics=diagnostics,
        notes=notes,
    )


def _worse(holdout: dict[str, float]) -> bool:
    """Whether the fit is no model of the robot: wrong streams, or a flight that says too little."""
    at = f"position_m.{HORIZONS_S[1]:g}s"
    return at in holdout and holdout[at] > WORSE * holdout["nominal." + at]


def _hold_out(quantities: Quantities, flight: Flight, start: Array | None) -> tuple[Array, dict[str, float]]:
    """Fit the flight without its end; return where that ended and the errors of prediction on the end."""
    times = flight.samples.time_s
    kept = (1.0 - SHARE) * flight.duration_s
    beginning = flight.part(0, int(np.searchsorted(times, times[0] + kept)))
    solution = solve(quantities, beginning, start, flight.heading_rad)
    found: dict[str, float] = {}
    heading = solution.predictor.heading_rad
    for who, z, noise in (("", solution.z, solution.predictor.noise), ("nominal.", np.zeros(len(quantities)), None)):
        predictor = Predictor(quantities, flight, heading)
        predictor.tune(z, noise)
        if noise is None:
            improve(predictor, z)
        found |= {who + name: error for name, error in prediction_errors(predictor, z, kept).items()}
    # From a tumbling robot's states a model may run away: what it predicts then is no figure.
    lost = {name.removeprefix("nominal.") for name, error in found.items() if not np.isfinite(error)}
    return solution.z, {name: error for name, error in found.items() if name.removeprefix("nominal.") not in lost}


def _notes(quantities: Quantities, solution: Solution, known: Identifiability, wider: Array) -> tuple[str, ...]:
    notes = [
        f"errors of {first} and {second} hang together (correlation {correlation:+.3f}): use both or neither"
        for first, second, correlation in sorted(known.pairs, key=lambda pair: -abs(pair[2]))[:SHOWN_PAIRS]
    ]
    missing = residuals.sentences(solution.residual)
    notes += missing
    if missing:
        worst = quantities.names[int(wider.argmax())]
        notes.append(
            f"intervals are too narrow where a term is missing: by their scatter up to {wider.max():.1f} times"
            f" ({worst}); what the term shifts comes on top"
        )
    return tuple(notes)
