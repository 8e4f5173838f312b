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
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from rich.table import Table

from sim.airframes import bend_thrust_curve, scale_to_size, set_torque_to_inertia
from sim.distributions import Distribution, as_data
from sim.errors import ConfigError
from sim.flight.parameters import FlightParameters
from sim.inertia import principal_inertia
from sim.randomizable import DISTURBANCES, PARAMETERS, SENSORS_AND_CLOCKS, Mode, Parameter
from sim.spec import GRAVITY, MultirotorParameters


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
    catalogue: ClassVar[Mapping[str, Parameter]] = PARAMETERS
    """What can be named; tasks of another kind have their own (``sim.contact.randomizable``)."""
    each: ClassVar[str] = "rotor"
    """What parameters of size 0 have one draw for."""

    def __post_init__(self) -> None:
        if self.parameter not in self.catalogue:
            known = ", ".join(sorted(self.catalogue))
            raise ConfigError(f"cannot randomize '{self.parameter}'; choose one of: {known}")
        modes = self.info.modes
        if self.mode not in modes:
            raise ConfigError(f"'{self.parameter}' cannot be randomized by '{self.mode}'; choose: {', '.join(modes)}")

    @property
    def info(self) -> Parameter:
        """Size, unit and bounds of the parameter."""
        return self.catalogue[self.parameter]

    def draw(self, key: int, n: int, per_rotor: int = 1) -> np.ndarray:
        """Return (n, size) draws from the parameter's own stream of ``key``; ``per_rotor`` where the size is 0."""
        stream = np.random.default_rng([key, zlib.crc32(self.parameter.encode())])
        return self.distribution.sample(stream, (n, self.info.size or per_rotor))

    def apply(self, value: np.ndarray, draw: np.ndarray) -> np.ndarray:
        """Return the randomized value from the nominal one and a draw."""
        return value * draw if self.mode == "scale" else value + draw if self.mode == "add" else draw


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
            info = term.info
            count = {0: f" (per {term.each})", 1: ""}.get(info.size, f" ({info.size})")
            unit = "" if term.mode == "scale" else f" {info.unit}"
            table.add_row(term.parameter + count, f"{symbol[term.mode]} {term.distribution}{unit}", term.source)
        for name, std in self.noise_std:
            table.add_row(name, f"+ normal(0, {std:g})", "white noise, every step: the task's terms")
        return table


NOMINAL_TABLE = RandomizationTable("nominal")
"""Nothing randomized, no delay, no noise."""


def without_disturbances(table: RandomizationTable) -> RandomizationTable:
    """Return the table less constant force and torque, wind and gusts; every other draw stays the same."""
    terms = tuple(term for term in table.terms if term.parameter not in DISTURBANCES)
    return dataclasses.replace(table, name=f"{table.name}, no disturbance", terms=terms)


def nominal_airframe(table: RandomizationTable) -> RandomizationTable:
    """Return the table's noise, sensors and clocks alone: the nominal airframe in still air, as it is really seen."""
    terms = tuple(term for term in table.terms if term.parameter in SENSORS_AND_CLOCKS)
    return dataclasses.replace(table, name=f"{table.name}, nominal airframe", terms=terms)


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
    action_jitter_s: np.ndarray
    """(num_envs,) float32: largest extra delay of a command."""
    control_period: np.ndarray
    """(num_envs,) float32: factor on the control period."""
    control_period_jitter: np.ndarray
    """(num_envs,) float32: largest change of single periods, as a fraction."""
    wind_w: np.ndarray
    """(num_envs, 3) float32: mean wind, m/s."""
    gust_speed: np.ndarray
    """(num_envs,) float32: wind at 6 m that sets the gusts, m/s."""
    gyro_bias_b: np.ndarray
    """(num_envs, 3) float32: rad/s."""
    attitude_bias_b: np.ndarray
    """(num_envs, 3) float32: rotation vector, rad."""
    position_bias_w: np.ndarray
    """(num_envs, 3) float32: m."""
    position_drift: np.ndarray
    """(num_envs,) float32: m/sqrt(s)."""
    estimator_period_s: np.ndarray
    """(num_envs,) float32."""
    estimator_delay_s: np.ndarray
    """(num_envs,) float32."""
    draws: dict[str, np.ndarray]
    """(num_envs, size) float32: the raw draws of each randomized parameter, for plots."""

    @property
    def num_envs(self) -> int:
        """Number of rows."""
        return len(self.action_delay_s)

    @property
    def latency_s(self) -> np.ndarray:
        """(num_envs,) float32: mean age of a state when the command that rests on it reaches the motors."""
        return self.action_delay_s + 0.5 * self.action_jitter_s + self.observation_delay_s + self.estimator_delay_s

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
    draws = {term.parameter: term.draw(key, n, nominal.num_rotors) for term in table.terms}
    value = _nominal_values(nominal, n)
    for term in table.terms:
        value[term.parameter] = term.apply(value[term.parameter], draws[term.parameter])
    check_bounds(table, PARAMETERS, value)
    return Sample(
        flight=_flight_parameters(nominal, value),
        **{name: _column(value[name]) for name in _PER_ENVIRONMENT},
        draws={name: draw.astype(np.float32) for name, draw in draws.items()},
    )


def _nominal_values(nominal: MultirotorParameters, n: int) -> dict[str, np.ndarray]:
    return {name: np.tile(parameter.nominal_row(nominal), (n, 1)) for name, parameter in PARAMETERS.items()}


def _column(value: np.ndarray) -> np.ndarray:
    """(n, size) float32; (n,) where there is one draw per environment."""
    return np.ascontiguousarray(value[:, 0] if value.shape[1] == 1 else value, np.float32)


_PER_ENVIRONMENT = tuple(field.name for field in dataclasses.fields(Sample) if field.name not in ("flight", "draws"))
"""Fields of ``Sample`` beside the airframe: parameters of the same names."""


def check_bounds(
    table: RandomizationTable, catalogue: Mapping[str, Parameter], value: Mapping[str, np.ndarray]
) -> None:
    """Refuse values without physical meaning, naming table and parameter.

    Raises:
        ConfigError: a value beyond its parameter's bound.
    """
    for name, parameter in catalogue.items():
        smallest = value[name].min(initial=np.inf)
        negative, zero = smallest < 0.0, smallest == 0.0
        if (negative and parameter.bound != "any") or (zero and parameter.bound == "positive"):
            raise ConfigError(f"table '{table.name}' drew {name} = {smallest:g}, which cannot be; narrow its range")


def _flight_parameters(nominal: MultirotorParameters, value: dict[str, np.ndarray]) -> FlightParameters:
    weight = nominal.mass * GRAVITY
    derived = {
        "inertia": principal_inertia(value["inertia"]),
        "centre_of_mass_b": np.concatenate([value["centre_of_mass_xy"], value["centre_of_mass_z"]], axis=1),
        "thrust_curve": value["thrust"] * np.array(nominal.thrust_curve),
        "force_w": value["force_per_weight"] * weight,
        "torque_b": value["torque_per_weight"] * weight,
    }
    fields = {field.name for field in dataclasses.fields(FlightParameters)}
    drawn = {name: _column(array) for name, array in (value | derived).items() if name in fields}
    flight = dataclasses.replace(FlightParameters.nominal(nominal, len(value["mass"])), **drawn)
    bend_thrust_curve(flight, value["thrust_linear_share"][:, 0])
    scale_to_size(flight, value["size"][:, 0])
    set_torque_to_inertia(flight, value["torque_to_inertia"][:, 0])
    return flight
