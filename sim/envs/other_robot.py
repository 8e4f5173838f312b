"""A motor-level task flown by another robot: its motors, its hover command, its lengths in the tables.

Tables are written for the task's own robot. What they scale stays; what they add in metres (a misplaced
centre of mass, a disturbing torque's lever) grows with the rotors' distance from the centre, drag with the
airframe's own. Starts that a sluggish airframe could not right are made less steep (``sim/agility.py``).
"""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace
from typing import cast

import numpy as np

from sim.agility import fit_start
from sim.distributions import Constant, Distribution, LogUniform, Normal, Uniform
from sim.envs.task import FlightTask
from sim.errors import ConfigError
from sim.flight.parameters import FlightParameters
from sim.randomization import RandomizationTable
from sim.registry import load_robot
from sim.spec import MultirotorParameters, ObservationTerm, RobotSpec, TaskSpec

_LENGTHS = ("centre_of_mass_xy", "centre_of_mass_z", "torque_per_weight", "rotor_radius_m")
_DRAGS = ("rotor_drag",)
_PER_ROTOR = ("applied_action", "rotor_speed", "motor_gain")


def with_robot(task: FlightTask, robot: RobotSpec | str) -> FlightTask:
    """Return the task for another multirotor.

    A task for all airframes names in ``TABLES_WITH_ROBOT`` the task whose tables it takes over with one of
    them, and keeps its number of motors.

    Raises:
        ConfigError: for an unknown robot, one that does not fly, or a task that only its own robot can fly.
    """
    robot = load_robot(robot) if isinstance(robot, str) else robot
    tables = getattr(task, "TABLES_WITH_ROBOT", task)
    if robot.name == task.TASK.robot and tables is task:
        return task
    nominal = robot.parameters()
    _require_flies(task, tables, robot, nominal)
    own = tables.ROBOT.parameters()
    length, drag = _arm(nominal) / _arm(own), _drag(nominal) / _drag(own)
    changed = {
        "ROBOT": robot,
        "NOMINAL": nominal,
        "TASK": _spec(task.TASK, robot, nominal),
        "TRAINING_TABLE": _table(tables.TRAINING_TABLE, robot.name, length, drag),
        "EVALUATION_TABLE": _table(tables.EVALUATION_TABLE, robot.name, length, drag),
        "sample_start": lambda rng, n: _with_rotors(task.sample_start(rng, n), nominal.num_rotors),
        "fit_starts": fit_starts,
    }
    return cast(FlightTask, SimpleNamespace(**{**vars(task), **changed}))


def _require_flies(task: FlightTask, tables: FlightTask, robot: RobotSpec, nominal: object) -> None:
    spec = task.TASK
    if not isinstance(nominal, MultirotorParameters):
        raise ConfigError(f"robot '{robot.name}' does not fly: task '{spec.name}' is for multirotors")
    if spec.action.level != "motor":
        raise ConfigError(
            f"task '{spec.name}' commands the controller on board of robot '{spec.robot}';"
            f" robot '{robot.name}' flies tasks that command motors, such as 'hover'"
        )
    if tables is not task and nominal.num_rotors != spec.action.size:
        raise ConfigError(
            f"task '{spec.name}' is for {spec.action.size} rotors; robot '{robot.name}' has {nominal.num_rotors}"
        )


def fit_starts(state: np.ndarray, flight: FlightParameters) -> None:
    """Make drawn start states ones that each airframe can right, in place."""
    fit_start(state, flight)


def _spec(spec: TaskSpec, robot: RobotSpec, nominal: MultirotorParameters) -> TaskSpec:
    rotors = nominal.num_rotors
    action = dataclasses.replace(
        spec.action,
        names=robot.motor_names,
        unit=robot.command_unit,
        low=(spec.action.low[0],) * rotors,
        high=(spec.action.high[0],) * rotors,
        nominal=(nominal.hover_command,) * rotors,
        slew_limit=(spec.action.slew_limit[0],) * rotors,
    )

    def sized(terms: tuple[ObservationTerm, ...]) -> tuple[ObservationTerm, ...]:
        return tuple(dataclasses.replace(t, size=rotors) if t.name in _PER_ROTOR else t for t in terms)

    return dataclasses.replace(
        spec,
        robot=robot.name,
        actor_terms=sized(spec.actor_terms),
        critic_terms=sized(spec.critic_terms),
        action=action,
    )


def _table(table: RandomizationTable, robot: str, length: float, drag: float) -> RandomizationTable:
    factors = dict.fromkeys(_LENGTHS, length) | dict.fromkeys(_DRAGS, drag)
    terms = tuple(
        dataclasses.replace(term, distribution=_scaled(term.distribution, factors[term.parameter]))
        if term.parameter in factors and term.mode != "scale"
        else term
        for term in table.terms
    )
    return dataclasses.replace(table, name=f"{table.name}, {robot}", terms=terms)


def _scaled(distribution: Distribution, factor: float) -> Distribution:
    """Return the distribution of ``factor`` times a draw."""
    if isinstance(distribution, Normal):
        return Normal(factor * distribution.mean, factor * distribution.std)
    if isinstance(distribution, Constant):
        return Constant(factor * distribution.value)
    kind = LogUniform if isinstance(distribution, LogUniform) else Uniform
    return kind(factor * distribution.low, factor * distribution.high)


def _with_rotors(state: np.ndarray, rotors: int) -> np.ndarray:
    """Give start states another number of rotors, each as fast as the first."""
    return np.concatenate([state[:, :13], np.repeat(state[:, 13:14], rotors, axis=1)], axis=1)


def _arm(parameters: MultirotorParameters) -> float:
    """Mean distance of the rotors from the body's z axis, m."""
    return float(np.hypot(*np.array(parameters.rotor_position_b)[:, :2].T).mean())


def _drag(parameters: MultirotorParameters) -> float:
    """Drag across the rotors' discs, N s/m; where no source has it, as much for its mass as the Crazyflie's."""
    return parameters.rotor_drag[0] or 0.3 * parameters.mass
