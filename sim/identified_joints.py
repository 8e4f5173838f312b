"""A task on legs around one identified robot: joints centred on its values, randomised by their covariance.

A file holds six quantities of each joint (``sim.bodies.dynamics``), some of them perhaps of some joints only. All its
values are drawn together, from their joint normal distribution; what it does not hold stays the task's guess, joint by
joint.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.bodies.dynamics import QUANTITIES, UNITS
from sim.distributions import Identified
from sim.envs.legged import LeggedTask
from sim.errors import ConfigError
from sim.identified import IdentifiedRobot
from sim.identified_task import LEAST, TAIL, require_fits, with_room
from sim.legged.randomizable import LEGGED_PARAMETERS, LeggedTerm
from sim.legged.spec import LARGEST_DELAY_S
from sim.randomizable import Mode
from sim.randomization import RandomizationTable
from sim.spec import JointParameters

Array = NDArray[np.float64]
PARAMETER: dict[str, tuple[str, Mode]] = {
    "armature": ("armature", "scale"),
    "damping": ("joint_damping", "set"),
    "friction": ("joint_friction", "set"),
    "bias": ("joint_offset", "add"),
    "strength": ("motor_strength", "scale"),
    "delay": ("action_delay_s", "set"),
}
"""What each quantity is in the randomization of a body on legs (``sim.legged.randomizable``)."""
GAINS = ("kp", "kd")
"""Strength is the torque given over the one asked for: with it, the gains are what the host says, and nothing else."""
_POSITIVE = ("armature", "strength")
_NOT_NEGATIVE = ("damping", "friction", "delay")


@dataclass(frozen=True)
class IdentifiedJointTerm(LeggedTerm):
    """A term whose draws are those of one identified robot, and the task's guess for joints that its file leaves out.

    Attributes:
        joints: of the robot.
        guess: of the task; ``None`` where it randomises no such thing.
    """

    joints: IdentifiedJoints | None = None
    guess: LeggedTerm | None = None

    @property
    def normals(self) -> int:
        """Normal numbers of a draw, common to all terms of the robot."""
        assert self.joints is not None
        return len(self.joints.identified.names)

    def draws(self, share: NDArray[np.float64], normal: Array) -> Array:
        """Return draws from numbers of their own, in [0, 1), for joints that are guessed, and from common normal ones.

        Args:
            share: (n, size).
            normal: (n, ``normals``).
        """
        assert self.joints is not None
        found = self.joints.drawn(self.parameter, normal)
        guessed = 1.0 if self.mode == "scale" else np.array(LEGGED_PARAMETERS[self.parameter].nominal, np.float64)
        if self.guess is not None:
            guessed = self.guess.draws(share, normal)
        return np.where(np.isnan(found), guessed, found)


class IdentifiedJoints:
    """What a robot's file makes of its joints.

    Args:
        identified: the file.
        nominal: constants that it departs from.

    Attributes:
        identified: as given.
        known: (6, J) bool in the order of ``QUANTITIES``: what the file holds.
        middle: (6, J) its values; NaN where it holds none.
        parameters: the constants with the identified armature.

    Raises:
        ConfigError: if the file holds something that no joint of the robot has, or a value that none can have.
    """

    def __init__(self, identified: IdentifiedRobot, nominal: JointParameters) -> None:
        self.identified, self._names = identified, nominal.joint_names
        places = [self._place(name) for name in identified.names]
        self._rows = np.array([row for row, _ in places], np.intp)
        self._columns = np.array([column for _, column in places], np.intp)
        self.middle = self._laid_out(identified.values[None])[0]
        self.known = ~np.isnan(self.middle)
        self._root = identified.root
        self._check()
        row = QUANTITIES.index("armature")
        armature = np.where(self.known[row], self.middle[row], nominal.armature_kg_m2)
        source = f"identified as {identified.serial} on {identified.date}, else {nominal.source}"
        self.parameters = dataclasses.replace(nominal, armature_kg_m2=tuple(armature.tolist()), source=source)

    def of(self, quantity: str) -> tuple[Array, Array]:
        """Return values and standard errors of a quantity, (J,) each; NaN where the file is silent."""
        row = QUANTITIES.index(quantity)
        return self.middle[row], self._laid_out(self.identified.standard_errors[None])[0, row]

    def drawn(self, parameter: str, normal: Array) -> Array:
        """Return draws of a parameter as a term applies them, (n, J); NaN where the file is silent.

        Args:
            parameter: of ``LEGGED_PARAMETERS``.
            normal: (n, p) normal numbers; draws of two parameters from the same ones belong to the same robots.
        """
        if parameter in GAINS:
            strength = self.known[QUANTITIES.index("strength")]
            return np.tile(np.where(strength, 1.0, np.nan), (len(normal), 1))
        quantity = next(name for name, (other, _) in PARAMETER.items() if other == parameter)
        row = QUANTITIES.index(quantity)
        chosen = self._rows == row
        values = np.full((len(normal), len(self._names)), np.nan)
        values[:, self._columns[chosen]] = self.identified.values[chosen] + normal @ self._root[chosen].T
        if quantity in _POSITIVE:
            values = np.maximum(values, LEAST * self.middle[row])
        elif quantity in _NOT_NEGATIVE:
            values = np.maximum(values, 0.0)
        if quantity == "delay":
            values = np.minimum(values, LARGEST_DELAY_S)
        return values / self.middle[row] if quantity == "armature" else values

    def table(self, table: RandomizationTable) -> RandomizationTable:
        """Return a task's table with the guesses replaced by what the file holds."""
        replaced = {PARAMETER[name] for name, known in zip(QUANTITIES, self.known) if known.any()}
        if self.known[QUANTITIES.index("strength")].any():
            replaced |= {(gain, "scale") for gain in GAINS if table.term(gain) is not None}
        names = {name for name, _ in replaced}
        found = [self._term(name, mode, table.term(name)) for name, mode in sorted(replaced)]
        kept = tuple(term for term in table.terms if term.parameter not in names)
        return dataclasses.replace(table, name=f"{table.name}, {self.identified.serial}", terms=(*found, *kept))

    def latency_s(self) -> tuple[float, float] | None:
        """Return the mean delay of the joints and the longest one that is likely, if the file holds any."""
        delay, error = self.of("delay")
        if np.isnan(delay).all():
            return None
        return float(np.nanmean(delay)), float(np.nanmax(delay + TAIL * error))

    def _term(self, name: str, mode: Mode, guess: object) -> IdentifiedJointTerm:
        assert guess is None or isinstance(guess, LeggedTerm)
        drawn = self.drawn(name, np.zeros((1, len(self.identified.names))))[0]
        told = f"{np.nanmin(drawn):.3g} to {np.nanmax(drawn):.3g} by joint"
        if np.isnan(drawn).any():
            other = "nominal" if guess is None else str(guess.distribution)
            told += f" ({np.isnan(drawn).sum()} of them {other})"
        robot = self.identified
        return IdentifiedJointTerm(
            name, Identified(robot.serial, robot.sha256(), told), mode, f"identified on {robot.date}", self, guess
        )

    def _place(self, name: str) -> tuple[int, int]:
        """Return row and column of a value by its name, such as ``armature.FR_hip_joint``."""
        quantity, _, joint = name.partition(".")
        where = f"the file of {self.identified.serial} holds '{name}'"
        if quantity not in QUANTITIES:
            raise ConfigError(
                f"{where}, which is nothing of a joint: expected {', '.join(QUANTITIES)}, each with a joint"
            )
        if joint not in self._names:
            raise ConfigError(f"{where}: a {self.identified.robot} has no such joint; it has: {', '.join(self._names)}")
        return QUANTITIES.index(quantity), self._names.index(joint)

    def _laid_out(self, values: Array) -> Array:
        """Return the file's numbers (n, p) by quantity and joint, (n, 6, J); NaN where there are none."""
        result = np.full((len(values), len(QUANTITIES), len(self._names)), np.nan)
        result[:, self._rows, self._columns] = values
        return result

    def _check(self) -> None:
        if not len(self._rows):
            raise ConfigError(f"the file of {self.identified.serial} holds nothing of a joint; it holds nothing at all")
        for name, value in zip(self.identified.names, self.identified.values.tolist()):
            quantity = name.partition(".")[0]
            low = (quantity in _POSITIVE and not value > 0.0) or (quantity in _NOT_NEGATIVE and value < 0.0)
            if low or (quantity == "delay" and value > LARGEST_DELAY_S):
                why = "more than simulations remember" if quantity == "delay" and not low else "which cannot be"
                unit = "" if UNITS[quantity] == "1" else f" {UNITS[quantity]}"
                raise ConfigError(f"the file of {self.identified.serial} says {name} = {value:g}{unit}, {why}")


def around_joints(task: LeggedTask, identified: IdentifiedRobot) -> LeggedTask:
    """Return a task around an identified robot.

    Armature and delay mean what they meant in the fit: what the integrator adds to them is taken off
    (``sim.legged.physics``). The armature goes into the bundle's constants; the latency budget holds the identified
    delay, and the bundle remembers the robot.

    Raises:
        ConfigError: if the file is of another robot or other gains, or holds what no joint of it has.
    """
    spec = task.spec
    cure = f"identify it from joints that moved with those of '{spec.parameter_set}', as 'calibrate collect' does"
    require_fits(identified, f"task '{spec.name}' moves", spec.robot, spec.parameter_set, cure)
    joints = IdentifiedJoints(identified, spec.parameters)
    tables = task.training_table, task.evaluation_table
    latency, timing = joints.latency_s(), spec.timing
    if latency is not None:
        timing = with_room(timing, tables, *latency)
    training, evaluation = (joints.table(table) for table in tables)
    return LeggedTask(
        dataclasses.replace(spec, constants=joints.parameters, timing=timing), training, evaluation,
        identified=identified.reference(),
    )  # fmt: skip
