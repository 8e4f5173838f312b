"""Which excitation tells most of a multirotor, before it flies: the Fisher information of simulated flights.

Every kind is flown for some seconds by the nominal robot, a heavy and weak one and a light one, and refused where one
of them comes too near a limit. What the others tell is the information of the model's own innovations (fit.py); shares
of the time are those of the D-optimal mix. Sensors and gusts are as simulated.py assumes them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from calibration.information import best_shares, told
from calibration.multirotor.excitation import KINDS, Excitation
from calibration.multirotor.fit import derivative
from calibration.multirotor.noise import ROTOR_WALK_LEVEL
from calibration.multirotor.prediction import Predictor
from calibration.multirotor.quantities import LATENCY_GUESS_S, Quantities
from calibration.multirotor.samples import read_flight
from calibration.multirotor.simulated import Flights, Sensors, fly
from calibration.recording.record import Recording
from sim.errors import ConfigError
from sim.flight.parameters import FlightParameters
from sim.spec import FlightLimits, MultirotorParameters

Array = NDArray[np.floating]

TRIED_S = 12.0
"""Length of the flights that are compared."""
SHORTEST_S = 3.0
"""A part of a flight shorter than this is left out."""
EDGES = ((1.0, 1.0), (1.25, 0.85), (0.85, 1.1))
"""Mass and thrust of the robots that must stay within the limits, in the nominal one's; the first one's information
counts. Nobody knows yet which robot it is."""
WITHIN = 0.75
"""Share of every limit that may be used: the controller that will fly is another than the simulation's."""
CLEARANCE_M = 0.3
"""Above the take-off point, left free."""
UNBIASED = dataclasses.replace(Sensors(), gyro_bias=0.0, accelerometer_bias=0.0)


@dataclass(frozen=True)
class Plan:
    """What to fly, and what it should tell."""

    excitation: Excitation
    told: dict[str, float]
    """ln(1/interval) per quantity (calibration/information.py) of each kind alone, all the time; and of the plan."""
    refused: dict[str, str]
    """Kinds that cannot be flown, and why."""
    errors: Array
    """(p,) expected standard errors of the quantities' coordinates."""
    quantities: Quantities

    def standard_errors(self) -> dict[str, tuple[float, str]]:
        """Return expected standard errors by quantity with their unit; of what is positive as shares, unit ``1``."""
        return {
            quantity.name: (quantity.spread * float(error), "1" if quantity.positive else quantity.unit)
            for quantity, error in zip(self.quantities.all, self.errors, strict=True)
        }

    def as_data(self) -> dict[str, Any]:
        """Return for machines: parts, what is told, what is refused, and expected standard errors."""
        return {
            "parts": dict(self.excitation.parts),
            "information": self.told,
            "refused": self.refused,
            "expected": {
                name: {"standard_error": error, "unit": unit} for name, (error, unit) in self.standard_errors().items()
            },
        }


def plan_excitation(
    robot: str, nominal: MultirotorParameters, limits: FlightLimits, excitation: Excitation, height_m: float,
    kinds: Sequence[str] = KINDS, accelerometer: bool = True,
) -> Plan:  # fmt: skip
    """Return the mix of kinds that tells most, within limits.

    Args:
        robot: its name.
        nominal: its constants.
        limits: of its supervisor.
        excitation: duration, sizes and set-points; its parts are what is found.
        height_m: at which it will fly.
        kinds: to choose among.
        accelerometer: whether the log will have one.

    Raises:
        ConfigError: if no kind stays within the limits.
    """
    tried = dataclasses.replace(excitation, duration_s=TRIED_S)
    flights = _fly(robot, nominal, tried, kinds)
    refused = _refused(flights, kinds, limits, height_m)
    allowed = [kind for kind in kinds if kind not in refused]
    if not allowed:
        words = "; ".join(f"{kind} {why}" for kind, why in refused.items())
        raise ConfigError(f"no excitation stays within {WITHIN:.0%} of the limits: {words}; choose a smaller --size")
    quantities = Quantities(nominal)
    shaken_s = excitation.duration_s - excitation.quiet_s
    rates = [
        information(quantities, flights.recordings[len(EDGES) * list(kinds).index(kind)], tried, accelerometer)
        * (shaken_s / (TRIED_S - excitation.quiet_s))
        for kind in allowed
    ]
    shares = _worth_flying(rates, shaken_s)
    whole = np.tensordot(shares, np.stack(rates), 1)
    parts = tuple((kind, float(share)) for kind, share in zip(allowed, shares, strict=True) if share > 0.0)
    values = {kind: told(rate) for kind, rate in zip(allowed, rates, strict=True)}
    errors = np.sqrt(np.diag(np.linalg.inv(whole + np.eye(len(quantities)))))
    return Plan(
        dataclasses.replace(excitation, parts=parts), values | {"plan": told(whole)}, refused, errors, quantities
    )


def information(
    quantities: Quantities, recording: Recording, excitation: Excitation, accelerometer: bool = True
) -> Array:
    """Return the Fisher information of a simulated flight of the nominal robot after its quiet beginning, (p, p).

    Args:
        quantities: of the robot; the information is that of their coordinates.
        recording: of the flight.
        excitation: that it flew.
        accelerometer: whether to use it.
    """
    if not accelerometer:
        streams = {name: stream for name, stream in recording.streams.items() if name != "accelerometer"}
        recording = dataclasses.replace(recording, streams=streams)
    flight = read_flight(recording, quantities.airframe.num_rotors)
    predictor, z = Predictor(quantities, flight, 0.0), np.zeros(len(quantities))
    s = UNBIASED
    predictor.tune(
        z,
        np.array(
            [s.gyro_noise, s.accelerometer_noise, s.position_noise, s.torque_walk, s.force_walk, ROTOR_WALK_LEVEL]
        ),
    )
    columns = derivative(predictor, z).reshape(len(flight.samples.time_s), -1, len(quantities))
    shaken = columns[flight.samples.time_s >= excitation.quiet_s].reshape(-1, len(quantities))
    return shaken.T @ shaken


def _fly(robot: str, nominal: MultirotorParameters, excitation: Excitation, kinds: Sequence[str]) -> Flights:
    """Fly every kind with every robot, those of one kind next to each other."""
    count = len(kinds) * len(EDGES)
    flight = FlightParameters.nominal(nominal, count)
    mass, thrust = np.tile(np.array(EDGES, np.float32), (len(kinds), 1)).T
    flight.mass *= mass
    flight.inertia *= mass[:, None]
    flight.thrust_curve *= thrust[:, None]
    each = [dataclasses.replace(excitation, parts=((kind, 1.0),)).motors for kind in kinds]
    motors = np.repeat(np.stack(each, axis=1), len(EDGES), axis=1)
    latency = np.full(count, LATENCY_GUESS_S)
    return fly(flight, latency, nominal, excitation, np.random.default_rng(0), UNBIASED, robot, motors=motors)


def _refused(flights: Flights, kinds: Sequence[str], limits: FlightLimits, height_m: float) -> dict[str, str]:
    """Return the kinds with which one of the robots comes too near a limit, and to which."""
    lowest, highest = CLEARANCE_M - height_m, WITHIN * limits.ceiling_m - height_m
    bounds = {
        "tilts by {:.2f} rad": (flights.steepest_rad, WITHIN * limits.tilt_rad),
        "flies at {:.2f} m/s": (flights.fastest_m_s, WITHIN * limits.speed_m_s),
        "goes {:.2f} m away": (flights.farthest_m, WITHIN * limits.geofence_radius_m),
        "rises {:.2f} m": (flights.highest_m, highest),
        "sinks {:.2f} m": (-flights.lowest_m, -lowest),
    }
    refused = {}
    for k, kind in enumerate(kinds):
        rows = slice(len(EDGES) * k, len(EDGES) * (k + 1))
        for words, (values, most) in bounds.items():
            worst = float(values[rows].max())
            if not worst <= most:
                refused[kind] = f"{words.format(worst)}, allowed {most:.2f}"
                break
    return refused


def _worth_flying(informations: Sequence[Array], shaken_s: float) -> Array:
    """Return the best shares, (k,), without parts too short to be flown."""
    each = np.stack(informations)
    shares = best_shares(each)
    kept = np.flatnonzero(shares * shaken_s >= min(SHORTEST_S, 0.5 * shares.max() * shaken_s))
    result = np.zeros(len(shares))
    result[kept] = best_shares(each[kept])
    return result
