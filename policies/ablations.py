"""What ``sim2metal ablate`` takes away, one thing at a time: a setting of the training, or a term of its table.

The list follows "Learning to Fly in Seconds" (arXiv 2311.13081, figure 4: symmetric critic, no action history, no
curriculum, no rotor delay, no disturbance, no observation noise). Two of them need words. The published curriculum
sharpens the reward during training; this learner's cost is the same from the first step to the last, and what
stands in its place is the order in which difficulty comes: windows end without a value at first, then with the
critic's, and starts and set-point jumps far from the target are mixed in. ``no_curriculum`` takes these away. And
the actor's history is more than past commands: ``no_history`` takes every memory, the integral too.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from policies.training_run import TrainConfig
from sim.distributions import Constant, Distribution, Normal, Uniform
from sim.errors import ConfigError
from sim.randomization import DISTURBANCES, RandomizationTable, Term, without_disturbances

DELAYS = ("action_delay_s", "observation_delay_s", "estimator_delay_s")
CLOCKS = (*DELAYS, "action_jitter_s", "control_period", "control_period_jitter", "estimator_period_s", "packet_loss")
SENSORS = ("gyro_bias_b", "attitude_bias_b", "position_bias_w", "position_drift")
MOTOR_LAG = ("motor_rise_s", "motor_fall_s")
"""Parameters of ``sim.randomization`` by what they stand for; those in none of these and not in ``DISTURBANCES``
are the airframe's."""

NO_LAG_S = 0.001
"""Time constant of a rotor without lag: a tenth of the control period."""

Table = Callable[[RandomizationTable], RandomizationTable]


def unchanged(table: RandomizationTable) -> RandomizationTable:
    """Return the table."""
    return table


def without_noise(table: RandomizationTable) -> RandomizationTable:
    """Return the table with exact sensors: no white noise, no bias, no drift."""
    return _with_terms(table, [term for term in table.terms if term.parameter not in SENSORS], noise_std=())


def without_motor_lag(table: RandomizationTable) -> RandomizationTable:
    """Return the table with rotors that follow their command at once."""
    kept = [term for term in table.terms if term.parameter not in MOTOR_LAG]
    return _with_terms(table, kept + [Term(name, Constant(NO_LAG_S), "set", "ablation") for name in MOTOR_LAG])


def with_mean_delays(table: RandomizationTable) -> RandomizationTable:
    """Return the table with every delay at its mean."""
    fixed = {term.parameter: Constant(mean(term.distribution)) for term in table.terms if term.parameter in DELAYS}
    terms = [
        dataclasses.replace(term, distribution=fixed.get(term.parameter, term.distribution)) for term in table.terms
    ]
    return _with_terms(table, terms)


def without_delays(table: RandomizationTable) -> RandomizationTable:
    """Return the table with commands and observations that take no time."""
    return _with_terms(table, [term for term in table.terms if term.parameter not in (*DELAYS, "action_jitter_s")])


def with_nominal_airframe(table: RandomizationTable) -> RandomizationTable:
    """Return the table without domain randomization: one airframe, with delays, sensors and disturbances as before."""
    around = (*CLOCKS, *SENSORS, *DISTURBANCES)
    return _with_terms(table, [term for term in table.terms if term.parameter in around])


@dataclass(frozen=True)
class Ablation:
    """One thing taken away from a training run."""

    name: str
    text: str
    """What is missing, for the table."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Path in ``TrainConfig`` -> value."""
    table: Table = unchanged
    """What becomes of the training table."""

    def configure(self, config: TrainConfig) -> TrainConfig:
        """Return the resolved configuration without what is taken away."""
        for path, value in self.settings.items():
            config = _replaced(config, path.split("."), value)
        return config


ABLATIONS = (
    Ablation("full", "nothing taken away"),
    Ablation("symmetric_critic", "critic without airframe, delays, disturbance", {"learner.privileged": False}),
    Ablation("no_history", "actor without past commands, averages, integral", {"history": False}),
    Ablation(
        "no_curriculum",
        "critic from the first window, no far starts or jumps",
        {"learner.critic_from": 0, "start.wide_share": 0.0, "start.jump_share": 0.0},
    ),
    Ablation("no_motor_delay", "rotors without lag", table=without_motor_lag),
    Ablation("no_noise", "sensors without noise, bias, drift", table=without_noise),
    Ablation("no_disturbance", "no force, torque, wind, gust", table=without_disturbances),
    Ablation("mean_delay", "delays at their mean", table=with_mean_delays),
    Ablation("no_delay", "no delays at all", table=without_delays),
    Ablation("nominal_airframe", "no domain randomization", table=with_nominal_airframe),
)
"""In the order of the table; the first is what the others are compared with."""


def chosen(names: tuple[str, ...]) -> list[Ablation]:
    """Return the ablations of these names, all without names; the full method always comes first.

    Raises:
        ConfigError: for an unknown name, with the valid ones.
    """
    known = {ablation.name: ablation for ablation in ABLATIONS}
    for name in names:
        if name not in known:
            raise ConfigError(f"unknown ablation '{name}'; choose from: {', '.join(known)}")
    return [ablation for ablation in ABLATIONS if not names or ablation.name in ("full", *names)]


def mean(distribution: Distribution) -> float:
    """Return the mean of a distribution of a table."""
    if isinstance(distribution, Constant):
        return distribution.value
    if isinstance(distribution, Normal):
        return distribution.mean
    if isinstance(distribution, Uniform):
        return 0.5 * (distribution.low + distribution.high)
    raise ConfigError(f"no delay is drawn from {distribution}")


def _with_terms(
    table: RandomizationTable, terms: list[Term], noise_std: tuple[tuple[str, float], ...] | None = None
) -> RandomizationTable:
    noise_std = table.noise_std if noise_std is None else noise_std
    return dataclasses.replace(table, name=f"{table.name}, ablated", terms=tuple(terms), noise_std=noise_std)


def _replaced(config: Any, path: list[str], value: Any) -> Any:
    name, *rest = path
    return dataclasses.replace(config, **{name: _replaced(getattr(config, name), rest, value) if rest else value})
