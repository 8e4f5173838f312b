"""Domain randomization as data: named distributions over named parameters, each with its source.

A task owns its tables (``sim/tasks/<task>.py``); ``sample`` turns one into airframes, delays
and disturbances. Every parameter draws from its own random stream, keyed by its name: leaving
a term out (say, the disturbances) changes no other draw, so comparisons are paired.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import zlib
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from rich.table import Table

from sim.distributions import Distribution, as_data
from sim.errors import ConfigError
from sim.flight.parameters import FlightParameters
from sim.spec import GRAVITY, MultirotorParameters

Mode = Literal["scale", "add", "set"]


@dataclass(frozen=True)
class Parameter:
    """What a term may randomize."""

    size: int
    """Independent draws per environment; 0 stands for one per rotor."""
    unit: str
    modes: tuple[Mode, ...]
    description: str


PARAMETERS: dict[str, Parameter] = {
    "mass": Parameter(1, "kg", ("scale", "add", "set"), "total mass"),
    "inertia": Parameter(
        3, "kg m^2", ("scale",), "second moments of mass along x, y, z (keeps the inertia realizable)"
    ),
    "centre_of_mass_xy": Parameter(2, "m", ("add", "set"), "offset from the rotors' centre in the body frame"),
    "thrust": Parameter(1, "N", ("scale",), "the whole thrust curve of all rotors"),
    "torque_per_thrust": Parameter(1, "m", ("scale", "add", "set"), "reaction torque over thrust"),
    "motor_rise_s": Parameter(1, "s", ("scale", "add", "set"), "time constant while spinning up"),
    "motor_fall_s": Parameter(1, "s", ("scale", "add", "set"), "time constant while spinning down"),
    "motor_gain": Parameter(0, "1", ("scale", "add", "set"), "thrust of each single rotor over the common curve"),
    "force_per_weight": Parameter(3, "mg", ("add", "set"), "constant force in the world frame, in nominal weights"),
    "torque_per_weight": Parameter(
        3, "mg m", ("add", "set"), "constant torque in the body frame, in nominal weights x m"
    ),
    "action_delay_s": Parameter(1, "s", ("add", "set"), "command to motor driver"),
    "observation_delay_s": Parameter(1, "s", ("add", "set"), "state to observation"),
    "packet_loss": Parameter(1, "1", ("add", "set"), "probability that a command, or a state, never arrives"),
    "attitude_gain": Parameter(1, "1", ("scale",), "attitude loop of the controller on board"),
    "rate_gain": Parameter(1, "1", ("scale",), "rate loops of the controller on board"),
}
"""Everything a table can name."""

DISTURBANCES = ("force_per_weight", "torque_per_weight")
"""The terms that ``without_disturbances`` leaves out."""


@dataclass(frozen=True)
class Term:
    """One randomized parameter."""

    parameter: str
    """A key of ``PARAMETERS``."""
    distribution: Distribution
    mode: Mode
    """``scale``: nominal times draw; ``add``: nominal plus draw; ``set``: the draw itself."""
    source: str
    """Where the range comes from: data sheet, paper, calibration file, or a stated assumption."""

    def __post_init__(self) -> None:
        if self.parameter not in PARAMETERS:
            raise ConfigError(f"cannot randomize '{self.parameter}'; choose one of: {', '.join(sorted(PARAMETERS))}")
        modes = PARAMETERS[self.parameter].modes
        if self.mode not in modes:
            raise ConfigError(f"'{self.parameter}' cannot be randomized by '{self.mode}'; choose: {', '.join(modes)}")


@dataclass(frozen=True)
class RandomizationTable:
    """A named set of terms, with the observation noise that belongs to it."""

    name: str
    terms: tuple[Term, ...] = ()
    noise_std: tuple[tuple[str, float], ...] = ()
    """White observation noise: (observation term, standard deviation in its unit)."""

    def __post_init__(self) -> None:
        names = [term.parameter for term in self.terms]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ConfigError(f"table '{self.name}' randomizes '{twice[0]}' twice; keep one term")

    def term(self, parameter: str) -> Term | None:
        """Return the term of a parameter, ``None`` if the table leaves it at its nominal value."""
        return next((term for term in self.terms if term.parameter == parameter), None)

    def as_data(self) -> dict[str, Any]:
        """Return everything that changes a draw, sorted, without names and sources."""
        terms = {t.parameter: {"mode": t.mode, **as_data(t.distribution)} for t in self.terms}
        return {"terms": dict(sorted(terms.items())), "noise_std": dict(sorted(self.noise_std))}

    def hash(self) -> str:
        """SHA-256 of ``as_data``, hexadecimal: equal hashes mean equal distributions."""
        content = json.dumps(self.as_data(), sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(content.encode()).hexdigest()

    def describe(self) -> Table:
        """Return a rich table of the terms with their sources, titled with name and hash."""
        table = Table(title=f"{self.name}  (sha256 {self.hash()[:12]})", title_justify="left")
        table.add_column("parameter", no_wrap=True)
        table.add_column("drawn as", no_wrap=True)
        table.add_column("source")
        symbol = {"scale": "nominal x", "add": "nominal +", "set": "="}
        for term in self.terms:
            info = PARAMETERS[term.parameter]
            count = {0: " (per rotor)", 1: ""}.get(info.size, f" ({info.size})")
            unit = "" if term.mode == "scale" else f" {info.unit}"
            table.add_row(term.parameter + count, f"{symbol[term.mode]} {term.distribution}{unit}", term.source)
        for name, std in self.noise_std:
            table.add_row(name, f"+ normal(0, {std:g})", "white noise, every step: the task's terms")
        return table


NOMINAL_TABLE = RandomizationTable("nominal")
"""Nothing randomized, no delay, no noise."""


def without_disturbances(table: RandomizationTable) -> RandomizationTable:
    """Return the table less the constant force and torque; every other draw stays the same."""
    terms = tuple(term for term in table.terms if term.parameter not in DISTURBANCES)
    return dataclasses.replace(table, name=f"{table.name}, no disturbance", terms=terms)


@dataclass(frozen=True)
class Sample:
    """Randomized airframes and delays, one row per environment."""

    flight: FlightParameters
    action_delay_s: np.ndarray
    """(num_envs,) float32: command to motor driver."""
    observation_delay_s: np.ndarray
    """(num_envs,) float32: state to observation."""
    packet_loss: np.ndarray
    """(num_envs,) float32: probability that a command, or a state, never arrives."""
    attitude_gain: np.ndarray
    """(num_envs,) float32: factor on the attitude loop of the controller on board."""
    rate_gain: np.ndarray
    """(num_envs,) float32: factor on its rate loops."""
    draws: dict[str, np.ndarray]
    """(num_envs, size) float32: the raw draws of each randomized parameter, for plots."""

    @property
    def num_envs(self) -> int:
        """Number of rows."""
        return len(self.action_delay_s)

    @property
    def thrust_scale(self) -> np.ndarray:
        """(num_envs,) float32: factor on the nominal thrust curve."""
        return self.draws["thrust"][:, 0] if "thrust" in self.draws else np.ones(self.num_envs, np.float32)

    @property
    def thrust_to_weight(self) -> np.ndarray:
        """(num_envs,) float32: largest total thrust over the drawn weight."""
        return self.flight.thrust_to_weight()

    def take(self, ids: np.ndarray) -> Sample:
        """Return the rows ``ids`` (integers or a boolean mask)."""
        ids = np.flatnonzero(ids) if np.asarray(ids).dtype == bool else np.asarray(ids)
        draws = {name: values[ids] for name, values in self.draws.items()}
        return Sample(
            self.flight.take(ids), **{name: getattr(self, name)[ids] for name in _PER_ENVIRONMENT}, draws=draws
        )

    def put(self, ids: np.ndarray, other: Sample) -> None:
        """Overwrite the rows ``ids`` with those of ``other``, in order; both from the same table."""
        self.flight.put(ids, other.flight)
        for name in _PER_ENVIRONMENT:
            getattr(self, name)[ids] = getattr(other, name)
        for name, values in self.draws.items():
            values[ids] = other.draws[name]


def sample(table: RandomizationTable, nominal: MultirotorParameters, rng: np.random.Generator, n: int) -> Sample:
    """Draw ``n`` airframes.

    Args:
        table: what to randomize.
        nominal: the airframe around which ``scale`` and ``add`` act.
        rng: advanced by one draw whatever the table holds.
        n: number of environments.

    Raises:
        ConfigError: if the table reaches values without physical meaning (a mass below zero).
    """
    key = int(rng.integers(2**63))
    draws = {term.parameter: _draw(term, key, nominal.num_rotors, n) for term in table.terms}
    value = _nominal_values(nominal, n)
    for term in table.terms:
        value[term.parameter] = _apply(term.mode, value[term.parameter], draws[term.parameter])
    _check(table, value)
    return Sample(
        flight=_flight_parameters(nominal, value),
        **{name: value[name][:, 0].astype(np.float32) for name in _PER_ENVIRONMENT},
        draws={name: draw.astype(np.float32) for name, draw in draws.items()},
    )


def _draw(term: Term, key: int, num_rotors: int, n: int) -> np.ndarray:
    stream = np.random.default_rng([key, zlib.crc32(term.parameter.encode())])
    return term.distribution.sample(stream, (n, PARAMETERS[term.parameter].size or num_rotors))


def _nominal_values(nominal: MultirotorParameters, n: int) -> dict[str, np.ndarray]:
    rows: dict[str, Any] = {
        "mass": [nominal.mass],
        "inertia": second_moments(np.array(nominal.inertia)),
        "centre_of_mass_xy": [0.0, 0.0],
        "thrust": [1.0],
        "torque_per_thrust": [nominal.torque_per_thrust],
        "motor_rise_s": [nominal.motor_rise_s],
        "motor_fall_s": [nominal.motor_fall_s],
        "motor_gain": [1.0] * nominal.num_rotors,
        "force_per_weight": [0.0] * 3,
        "torque_per_weight": [0.0] * 3,
        "action_delay_s": [0.0],
        "observation_delay_s": [0.0],
        "packet_loss": [0.0],
        "attitude_gain": [1.0],
        "rate_gain": [1.0],
    }
    return {name: np.tile(np.asarray(row, np.float64), (n, 1)) for name, row in rows.items()}


def _apply(mode: Mode, value: np.ndarray, draw: np.ndarray) -> np.ndarray:
    return value * draw if mode == "scale" else value + draw if mode == "add" else draw


_POSITIVE = ("mass", "inertia", "thrust", "motor_rise_s", "motor_fall_s", "attitude_gain", "rate_gain")
_NOT_NEGATIVE = ("torque_per_thrust", "motor_gain", "action_delay_s", "observation_delay_s", "packet_loss")
_PER_ENVIRONMENT = ("action_delay_s", "observation_delay_s", "packet_loss", "attitude_gain", "rate_gain")
"""Fields of ``Sample`` beside the airframe, (num_envs,) each."""


def _check(table: RandomizationTable, value: dict[str, np.ndarray]) -> None:
    for name in (*_POSITIVE, *_NOT_NEGATIVE):
        smallest = value[name].min(initial=np.inf)
        if smallest < 0.0 or (smallest == 0.0 and name in _POSITIVE):
            raise ConfigError(f"table '{table.name}' drew {name} = {smallest:g}, which cannot be; narrow its range")


def _flight_parameters(nominal: MultirotorParameters, value: dict[str, np.ndarray]) -> FlightParameters:
    n = len(value["mass"])
    weight = nominal.mass * GRAVITY
    centre_of_mass_b = np.concatenate([value["centre_of_mass_xy"], np.zeros((n, 1))], axis=1)
    fields = {
        "mass": value["mass"][:, 0],
        "inertia": principal_inertia(value["inertia"]),
        "centre_of_mass_b": centre_of_mass_b,
        "thrust_curve": value["thrust"] * np.array(nominal.thrust_curve),
        "torque_per_thrust": value["torque_per_thrust"][:, 0],
        "motor_rise_s": value["motor_rise_s"][:, 0],
        "motor_fall_s": value["motor_fall_s"][:, 0],
        "motor_gain": value["motor_gain"],
        "force_w": value["force_per_weight"] * weight,
        "torque_b": value["torque_per_weight"] * weight,
    }
    drawn = {name: np.ascontiguousarray(array, np.float32) for name, array in fields.items()}
    return dataclasses.replace(FlightParameters.nominal(nominal, n), **drawn)


def second_moments(inertia: np.ndarray) -> np.ndarray:
    """Return the integrals of x^2, y^2 and z^2 over mass for principal moments of inertia.

    Args:
        inertia: (..., 3), kg m^2, with Ixx = Pyy + Pzz and so on.

    Returns:
        (..., 3), kg m^2; all positive exactly when the inertia belongs to a real body.
    """
    return 0.5 * inertia.sum(axis=-1, keepdims=True) - inertia


def principal_inertia(moments: np.ndarray) -> np.ndarray:
    """Return the principal moments of inertia (..., 3) of second moments of mass (..., 3)."""
    return moments.sum(axis=-1, keepdims=True) - moments
