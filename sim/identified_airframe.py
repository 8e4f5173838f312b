"""A flight task around one identified airframe: centred on its values, randomised by their covariance.

What a flight holds are ratios to the mass (``calibration/multirotor``): mass, inertia and thrust scaled together leave
it unchanged. So all of a robot's values are drawn together, from their joint normal distribution, and turned into the
parameters of an airframe; what the file does not hold stays in the task's own table, by guess.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import cast

import numpy as np
from scipy.linalg import helmert

from sim.distributions import Identified, Normal
from sim.envs.task import FlightTask
from sim.errors import ConfigError
from sim.flight.levels import level_of
from sim.identified import IdentifiedRobot
from sim.identified_task import LEAST, TAIL, require_fits, with_room
from sim.inertia import second_moments
from sim.randomizable import PARAMETERS, Mode
from sim.randomization import RandomizationTable, Term
from sim.spec import MultirotorParameters, Timing

AXES = ("x", "y", "z")
KNOWN = (
    "mass", "thrust_over_mass", "thrust_linear_share", *(f"inertia_over_mass_{a}" for a in AXES),
    "torque_constant_mass_over_yaw_inertia", "motor_rise_s", "motor_fall_s", "latency_s",
    *(f"centre_of_mass_{a}" for a in AXES), *(f"motor_imbalance_{k}" for k in range(1, 12)), "battery_sag",
    *(f"drag_over_mass_{a}" for a in AXES),
)  # fmt: skip
"""Values that change an airframe; others, such as a gyro's bias of one day, are left aside."""
LEAST_MOMENT = 0.02
"""Second moment of mass along an axis over the largest one: a plate of a seventh of its width in height."""
_STREAM = 0x1DE7
"""Of the joint draws: the same for all parameters of one table and key, so that they belong together."""


@dataclass(frozen=True)
class IdentifiedTerm(Term):
    """A term whose draws are those of one identified robot, together with all its other terms."""

    airframe: IdentifiedAirframe | None = None

    def draw(self, key: int, n: int, per_rotor: int = 1) -> np.ndarray:
        """Return (n, size) draws; those of another term with the same key belong to the same airframes."""
        del per_rotor
        assert self.airframe is not None
        return self.airframe.draws(key, n)[self.parameter]


class IdentifiedAirframe:
    """What a robot's file makes of an airframe.

    Args:
        identified: the file.
        nominal: what it departs from; values that the file does not hold stay as they are here.

    Raises:
        ConfigError: if the file holds nothing of an airframe, or values that none can have.
    """

    def __init__(self, identified: IdentifiedRobot, nominal: MultirotorParameters) -> None:
        self.identified, self.nominal = identified, nominal
        used = [name for name in identified.names if name in KNOWN]
        if not used:
            raise ConfigError(
                f"the file of {identified.serial} holds nothing of an airframe; it holds:"
                f" {', '.join(identified.names) or 'nothing'}"
            )
        centre = dict(zip(identified.names, identified.values[:, None]))
        self._middle = self._absolute(centre)
        self.parameters = self._centred()
        """The airframe at the identified values, under the nominal one's name."""

    def draws(self, key: int, n: int) -> dict[str, np.ndarray]:
        """Return draws of every parameter that the file says something of, (n, size) each, as a ``Term`` applies them.

        Args:
            key: of the table's draw.
            n: number of airframes.
        """
        rows = self.identified.draw(np.random.default_rng([key, _STREAM]), n)
        values = self._absolute(dict(zip(self.identified.names, rows.T)))
        drawn = {}
        for name, value in values.items():
            if PARAMETERS[name].bound == "positive":
                value = np.maximum(value, LEAST * self._middle[name])
            elif PARAMETERS[name].bound == "not negative":
                value = np.maximum(value, 0.0)
            # Of what scales, the identified value itself is the nominal one.
            drawn[name] = value / self._middle[name] if self.mode(name) == "scale" else value
        return drawn

    def mode(self, parameter: str) -> Mode:
        """Return how draws of a parameter are applied."""
        return "set" if "set" in PARAMETERS[parameter].modes else "scale"

    def table(self, table: RandomizationTable) -> RandomizationTable:
        """Return a task's table with the guesses replaced by what the file holds.

        Raises:
            ConfigError: for a table of airframes of every size.
        """
        for name in ("size", "torque_to_inertia"):
            if table.term(name) is not None:
                raise ConfigError(f"table '{table.name}' is for airframes of every size: it has no place for one robot")
        serial = self.identified.serial
        known = set(self._middle)
        if "thrust" in known:
            known.add("mass")  # thrust over mass is what is known: another mass with it would undo that
        kept = tuple(term for term in table.terms if term.parameter not in known)
        found = tuple(
            IdentifiedTerm(
                name,
                Identified(serial, self.identified.sha256(), str(Normal(*self._marginal(name)))),
                self.mode(name),
                f"identified on {self.identified.date}",
                self,
            )
            for name in self._middle
        )
        return dataclasses.replace(table, name=f"{table.name}, {serial}", terms=(*found, *kept))

    def latency_s(self) -> tuple[float, float] | None:
        """Return mean and standard error of the latency, if the file holds it."""
        names = self.identified.names
        if "latency_s" not in names:
            return None
        index = names.index("latency_s")
        return float(self.identified.values[index]), float(self.identified.standard_errors[index])

    def _marginal(self, parameter: str) -> tuple[float, float]:
        """Mean and standard deviation of the first column, for people."""
        column = self.draws(0, 512)[parameter][:, 0]
        return float(column.mean()), float(column.std())

    def _absolute(self, values: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return parameters of ``PARAMETERS`` in their units, (n, size), from ratios (n,)."""
        n, nominal = len(next(iter(values.values()))), self.nominal
        mass = values.get("mass", np.full(n, nominal.mass))
        found: dict[str, np.ndarray] = {}
        if "mass" in values:
            found["mass"] = mass[:, None]
        if "thrust_over_mass" in values:
            found["thrust"] = (values["thrust_over_mass"] * mass)[:, None]
        if "thrust_linear_share" in values:
            found["thrust_linear_share"] = values["thrust_linear_share"][:, None]
        moments = self._inertia_over_mass(values, n)
        if any(f"inertia_over_mass_{axis}" in values for axis in AXES):
            found["inertia"] = _realizable(second_moments(moments * mass[:, None]))
        if "torque_constant_mass_over_yaw_inertia" in values:
            found["torque_per_thrust"] = (values["torque_constant_mass_over_yaw_inertia"] * moments[:, 2])[:, None]
        for name in ("motor_rise_s", "motor_fall_s", "battery_sag"):
            if name in values:
                found[name] = values[name][:, None]
        if "latency_s" in values:
            found["action_delay_s"] = values["latency_s"][:, None]
        if "centre_of_mass_x" in values and "centre_of_mass_y" in values:
            found["centre_of_mass_xy"] = np.stack([values["centre_of_mass_x"], values["centre_of_mass_y"]], axis=1)
        if "centre_of_mass_z" in values:
            found["centre_of_mass_z"] = values["centre_of_mass_z"][:, None]
        if all(f"motor_imbalance_{k}" in values for k in range(1, nominal.num_rotors)):
            found["motor_gain"] = self._gains(values)
        if any(f"drag_over_mass_{axis}" in values for axis in AXES):
            drag = [
                values[f"drag_over_mass_{axis}"] * mass if f"drag_over_mass_{axis}" in values else np.full(n, usual)
                for axis, usual in zip(AXES, nominal.rotor_drag)
            ]
            found["rotor_drag"] = np.stack(drag, axis=1)
        return found

    def _inertia_over_mass(self, values: Mapping[str, np.ndarray], n: int) -> np.ndarray:
        """Principal moments over the mass, (n, 3) m^2; what is not known scales as what is."""
        usual = np.array(self.nominal.inertia) / self.nominal.mass
        stated = {i: values[f"inertia_over_mass_{a}"] for i, a in enumerate(AXES) if f"inertia_over_mass_{a}" in values}
        scale = np.mean([value / usual[i] for i, value in stated.items()], axis=0) if stated else np.ones(n)
        return np.stack([stated[i] if i in stated else scale * usual[i] for i in range(3)], axis=1)

    def _gains(self, values: Mapping[str, np.ndarray]) -> np.ndarray:
        """Each motor's thrust over the common curve, mean 1: Helmert's contrasts, which ``calibration`` fits."""
        rotors = self.nominal.num_rotors
        contrasts = helmert(rotors).T * np.sqrt(rotors)
        imbalance = np.stack([values[f"motor_imbalance_{k}"] for k in range(1, rotors)], axis=1)
        return 1.0 + imbalance @ contrasts.T

    def _centred(self) -> MultirotorParameters:
        """Return the nominal airframe with what is identified in it.

        Raises:
            ConfigError: for a value that no airframe can have.
        """
        nominal, middle = self.nominal, {name: value[0] for name, value in self._middle.items()}
        where = f"the file of {self.identified.serial}"
        for name, value in middle.items():
            if PARAMETERS[name].bound == "positive" and not (value > 0.0).all():
                raise ConfigError(f"{where} says {name} = {value.tolist()}, which cannot be")
        changes: dict[str, object] = {
            name: float(middle[name][0])
            for name in ("mass", "torque_per_thrust", "motor_rise_s", "motor_fall_s")
            if name in middle
        }
        if "inertia" in middle:
            x, y, z = middle["inertia"]
            changes["inertia"] = (float(y + z), float(z + x), float(x + y))
        full = float(middle["thrust"][0]) / nominal.num_rotors if "thrust" in middle else sum(nominal.thrust_curve)
        scale = full / sum(nominal.thrust_curve)
        changes["thrust_curve"] = tuple(scale * c for c in nominal.thrust_curve)
        if "thrust_linear_share" in middle:
            share = float(middle["thrust_linear_share"][0])
            changes["thrust_curve"] = (0.0, share * full, (1.0 - share) * full)
        if "battery_sag" in middle:
            changes["battery_sag"] = float(np.clip(middle["battery_sag"][0], 0.0, 0.95))
        if "rotor_drag" in middle:
            changes["rotor_drag"] = tuple(float(v) for v in np.maximum(middle["rotor_drag"], 0.0))
        source = f"identified as {self.identified.serial} on {self.identified.date}, else {nominal.source}"
        return dataclasses.replace(nominal, **changes, source=source)  # type: ignore[arg-type]


def _realizable(moments: np.ndarray) -> np.ndarray:
    """Return second moments (n, 3) that some body has: an uncertain inertia about z may ask for less than no height."""
    return np.maximum(moments, LEAST_MOMENT * moments.max(axis=1, keepdims=True))


def around(task: FlightTask, identified: IdentifiedRobot) -> FlightTask:
    """Return a task around an identified airframe.

    Its hover command is the nominal action, its constants go into the bundle, and the latency budget holds its
    latency; the bundle remembers the serial number (``IDENTIFIED``).

    Raises:
        ConfigError: if the file is of another robot or another parameter set, or holds no airframe.
    """
    nominal = cast(MultirotorParameters, task.NOMINAL)  # pyright: ignore[reportAttributeAccessIssue]
    require_fits(identified, f"task '{task.TASK.name}' flies", task.TASK.robot, nominal.name, "say --parameter-set {}")
    airframe = IdentifiedAirframe(identified, nominal)
    centred = airframe.parameters
    if centred.thrust_to_weight <= 1.0:
        raise ConfigError(f"{identified.serial} as identified cannot hover: its thrust is below its weight")
    hover = level_of(task.TASK).hover_action(centred)
    spec = dataclasses.replace(
        task.TASK,
        action=dataclasses.replace(task.TASK.action, nominal=hover),
        timing=_timing(task, airframe),
    )
    sets = {**task.ROBOT.parameter_sets, centred.name: centred}
    changed = {
        "ROBOT": dataclasses.replace(task.ROBOT, parameter_sets=sets),
        "NOMINAL": centred,
        "TASK": spec,
        "TRAINING_TABLE": airframe.table(task.TRAINING_TABLE),
        "EVALUATION_TABLE": airframe.table(task.EVALUATION_TABLE),
        "IDENTIFIED": identified.reference(),
    }
    return cast(FlightTask, SimpleNamespace(**{**vars(task), **changed}))


def _timing(task: FlightTask, airframe: IdentifiedAirframe) -> Timing:
    """Return the task's clocking with room for the identified latency instead of the assumed one."""
    latency = airframe.latency_s()
    if latency is None:
        return task.TASK.timing
    mean, error = latency
    return with_room(task.TASK.timing, (task.TRAINING_TABLE, task.EVALUATION_TABLE), mean, mean + TAIL * error)
