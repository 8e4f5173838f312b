"""Everything that the randomization of a body on legs can name, and how a whole batch of episodes is drawn."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar, cast

import numpy as np
from numpy.typing import NDArray

from sim.errors import ConfigError
from sim.legged.counter_random import CounterRandom
from sim.legged.spec import LARGEST_DELAY_S
from sim.randomizable import Mode, Parameter
from sim.randomization import RandomizationTable, Term, check_bounds

Draws = dict[str, np.ndarray]
_SET: tuple[Mode, ...] = ("set",)
_ADD: tuple[Mode, ...] = ("add",)
_SCALE: tuple[Mode, ...] = ("scale",)

OBSERVATION_DELAY = "observation_delay_s"
"""Where no table draws it, what is measured is what is."""
LEGGED_PARAMETERS: Mapping[str, Parameter] = MappingProxyType(
    {
        "friction": Parameter(1, "1", _SET, "sliding, under the feet; default: the model's", np.nan, "positive"),
        "base_mass": Parameter(1, "kg", _ADD, "load on the base"),
        "centre_of_mass": Parameter(3, "m", _ADD, "of the base"),
        "link_mass": Parameter(0, "1", _SCALE, "mass and inertia of the link behind each joint", 1.0, "positive"),
        "kp": Parameter(0, "1", _SCALE, "stiffness of each joint's position loop", 1.0, "positive"),
        "kd": Parameter(0, "1", _SCALE, "damping of each joint's position loop", 1.0, "positive"),
        "armature": Parameter(0, "1", _SCALE, "inertia of each joint's rotor and gears", 1.0, "positive"),
        "motor_strength": Parameter(0, "1", _SCALE, "torque of each joint over the one asked for", 1.0, "positive"),
        "joint_damping": Parameter(0, "N m s/rad", _SET, "viscous; default: the model's", np.nan, "not negative"),
        "joint_friction": Parameter(0, "N m", _SET, "dry friction in each joint", 0.0, "not negative"),
        "joint_offset": Parameter(0, "rad", _ADD, "error of each joint's zero: of what is measured and what is held"),
        "torque_noise": Parameter(1, "1", _SET, "largest random torque, over the motor's", 0.0, "not negative"),
        "action_delay_s": Parameter(1, "s", _SET, "from sensors to motors, or by joint", 0.0, "not negative"),
        OBSERVATION_DELAY: Parameter(
            1, "s", _SET, "age of what is measured, at least a physics step", 0.0, "not negative"
        ),
        "gyro_bias_b": Parameter(3, "rad/s", _ADD, "constant error of the angular velocity"),
        "start_joint_position": Parameter(0, "rad", _ADD, "pose at the start, from the default one"),
        "start_tilt": Parameter(2, "rad", _ADD, "turn about x and y at the start"),
        "start_velocity": Parameter(3, "m/s", _ADD, "of the base at the start"),
        "start_angular_velocity": Parameter(3, "rad/s", _ADD, "of the base at the start"),
        "push_speed": Parameter(1, "m/s", _SET, "change of horizontal velocity by a push", 0.0, "not negative"),
        "push_period_s": Parameter(1, "s", _SET, "between two pushes, anew in each episode", np.inf, "positive"),
    }
)
"""By name; size 0 stands for one per joint. Without a term each has its nominal value."""


class LeggedTerm(Term):
    """One randomized parameter of a body on legs."""

    catalogue: ClassVar[Mapping[str, Parameter]] = LEGGED_PARAMETERS
    each: ClassVar[str] = "joint"

    @property
    def normals(self) -> int:
        """Normal numbers that a draw needs beside its even ones, the same for all terms of a table."""
        return 0

    def draws(self, share: NDArray[np.float64], normal: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return draws from even numbers.

        Args:
            share: in [0, 1), of the term alone; (n, size).
            normal: common to all terms of the table; (n, ``normals``).
        """
        del normal
        return self.distribution.quantile(share)


class EpisodeDraws:
    """Draws the parameters of episodes; each depends on seed, simulation, episode and its own name alone.

    Args:
        table: of ``LeggedTerm``.
        num_joints: of the robot.
        seed: of all draws.
    """

    def __init__(self, table: RandomizationTable, num_joints: int, seed: int) -> None:
        self._table = table
        self._sizes = {name: parameter.size or num_joints for name, parameter in LEGGED_PARAMETERS.items()}
        self._terms = cast(tuple[LeggedTerm, ...], table.terms)
        self._random = [CounterRandom(seed, zlib.crc32(term.parameter.encode())) for term in self._terms]
        self._together = CounterRandom(seed, zlib.crc32(b"together"))
        self._normals = max((term.normals for term in self._terms), default=0)

    def draw(self, ids: NDArray[np.integer], episodes: NDArray[np.integer]) -> Draws:
        """Draw episodes.

        Args:
            ids: of the simulations; (n,).
            episodes: number of the episode in each; (n,).

        Returns:
            Every parameter, randomized or nominal, (n, size) float64; what has one draw for the whole body may have one
            for each joint, (n, J).

        Raises:
            ConfigError: if the table reaches values without physical meaning.
        """
        values = {
            name: np.full((len(ids), self._sizes[name]), parameter.nominal)
            for name, parameter in LEGGED_PARAMETERS.items()
        }
        normal = self._together.normal(ids, episodes, self._normals).astype(np.float64)
        for term, random in zip(self._terms, self._random):
            share = random.uniform(ids, episodes, self._sizes[term.parameter]).astype(np.float64)
            values[term.parameter] = term.apply(values[term.parameter], term.draws(share, normal))
        check_bounds(self._table, LEGGED_PARAMETERS, values)
        for delay in ("action_delay_s", OBSERVATION_DELAY):
            longest = values[delay].max(initial=0.0)
            if longest > LARGEST_DELAY_S:
                raise ConfigError(
                    f"table '{self._table.name}' drew {delay} = {longest:g}, more than is remembered,"
                    f" {LARGEST_DELAY_S:g} s; narrow its range"
                )
        return values
