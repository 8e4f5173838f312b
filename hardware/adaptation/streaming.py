"""Stream AC(lambda): an actor and a critic that learn from every sample once, as it comes, and keep none.

Elsayed, Vasan, Mahmood, "Streaming Deep Reinforcement Learning Finally Works", arXiv 2410.14606 (2024): eligibility
traces, a bound on how far a step may overshoot (ObGD), normalised observations, scaled rewards, sparse beginnings and
layer normalisation. The end of an episode by time is told from its end by failure: only the latter is worth nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hardware.adaptation.network import Network
from hardware.adaptation.normalisation import RewardScale, RunningStatistics
from sim.errors import ConfigError

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Settings:
    """Of the learner; the defaults are the paper's where nothing else is said."""

    discount: float = 0.99
    trace: float = 0.8
    """lambda"""
    rate: float = 1.0
    """Step size before the bound; of the actor and the critic."""
    actor_bound: float = 3.0
    """kappa of the actor: how many times smaller than overshooting a step stays."""
    critic_bound: float = 2.0
    """kappa of the critic."""
    entropy: float = 0.01
    """tau: worth of the actor's entropy."""
    actor_hidden: tuple[int, ...] = ()
    """The paper: (128, 128). A correction is a linear law."""
    critic_hidden: tuple[int, ...] = (64, 64)
    """The paper: (128, 128)."""
    actor_from: int = 0
    """Samples after which the actor learns, too: a critic that knows nothing yet leads it astray."""
    spread: float = 0.3
    """Standard deviation of the first actions, of their range."""
    least_spread: float = 0.02
    most_spread: float = 1.0


class StreamingActorCritic:
    """Learns actions in [-1, 1].

    Actions are normally distributed about ``tanh`` of the actor's output, with a spread of their own that does not
    depend on what is seen (the paper's does).

    Args:
        observation_size: of what is seen.
        action_size: of what is done.
        settings: see there.
        seed: of beginnings and exploration.
    """

    def __init__(
        self, observation_size: int, action_size: int, settings: Settings, seed: int | Sequence[int] = 0
    ) -> None:
        self.settings = settings
        self._rng = np.random.default_rng(seed)
        self.actor = Network((observation_size, *settings.actor_hidden, action_size), self._rng, zero_output=True)
        self.critic = Network((observation_size, *settings.critic_hidden, 1), self._rng)
        self.log_spread: Array = np.full(action_size, math.log(settings.spread))
        self.observations = RunningStatistics(observation_size)
        self.rewards = RewardScale(settings.discount)
        self.steps = 0
        """Samples learnt from."""
        self.end()

    def end(self) -> None:
        """Forget the sample before and its traces: what comes next does not follow from it."""
        self._before: tuple[Array, Array] | None = None
        self._actor_trace = np.zeros(len(self.actor.parameters) + len(self.log_spread))
        self._critic_trace = np.zeros(len(self.critic.parameters))

    @property
    def finite(self) -> bool:
        """Whether every number it has learnt is one."""
        return all(np.isfinite(values).all() for values in self.as_arrays().values())

    def as_arrays(self) -> dict[str, Array]:
        """Return what was learnt, without traces: what a file keeps. ``take`` is the inverse."""
        o, r = self.observations, self.rewards.statistics
        return {
            "actor": self.actor.parameters.copy(),
            "critic": self.critic.parameters.copy(),
            "log_spread": self.log_spread.copy(),
            "observation_mean": o.mean.copy(),
            "observation_squares": o.squares.copy(),
            "reward_mean": r.mean.copy(),
            "reward_squares": r.squares.copy(),
            "counts": np.array([self.steps, o.count, r.count], np.float64),
        }

    def take(self, arrays: Mapping[str, Array]) -> None:
        """Take over what ``as_arrays`` returned.

        Raises:
            ConfigError: if something is missing, of another size, or no number.
        """
        for name, now in self.as_arrays().items():
            given = np.asarray(arrays.get(name, ()), np.float64)
            if given.shape != now.shape or not np.isfinite(given).all():
                raise ConfigError(f"'{name}' must be {now.size} finite numbers")
        copy = {name: np.array(values, np.float64) for name, values in arrays.items()}
        self.actor.parameters[:], self.critic.parameters[:] = copy["actor"], copy["critic"]
        self.log_spread = copy["log_spread"]
        o, r = self.observations, self.rewards.statistics
        o.mean, o.squares, r.mean, r.squares = (
            copy[f"{what}_{sum_}"] for what in ("observation", "reward") for sum_ in ("mean", "squares")
        )
        self.steps, o.count, r.count = (int(count) for count in copy["counts"])
        self.end()

    def explore_anew(self, seed: int | Sequence[int]) -> None:
        """Begin another sequence of random actions."""
        self._rng = np.random.default_rng(seed)

    def mean(self, observation: Array) -> Array:
        """Return the best action known, (action_size,); nothing is learnt."""
        return np.tanh(self.actor(self.observations.normalise(observation)))

    def act(self, observation: Array) -> Array:
        """Return an action, (action_size,), that explores, within [-1, 1].

        Args:
            observation: (observation_size,), finite; counted for its normalisation.
        """
        self.observations.add(observation)
        seen = self.observations.normalise(observation)
        action = np.tanh(self.actor(seen)) + np.exp(self.log_spread) * self._rng.standard_normal(len(self.log_spread))
        self._before = seen, action
        return np.clip(action, -1.0, 1.0)

    def learn(self, reward: float, observation: Array, failed: bool = False, over: bool = False) -> float:
        """Learn from what followed the last ``act``.

        Args:
            reward: for it.
            observation: that followed, (observation_size,).
            failed: the episode ended by a failure, after which nothing is worth anything.
            over: the episode ended by time: what follows would have been worth what the critic says.

        Returns:
            The critic's error (delta), in scaled rewards.
        """
        if self._before is None:
            return 0.0
        s, (seen, action) = self.settings, self._before
        after = 0.0 if failed else float(self.critic(self.observations.normalise(observation))[0])
        delta = self.rewards(reward, failed or over) + s.discount * after - float(self.critic(seen)[0])
        fade = s.discount * s.trace
        self._critic_trace = fade * self._critic_trace + self.critic.gradient(np.ones(1))
        self.critic.parameters += bounded_step(self._critic_trace, delta, s.rate, s.critic_bound)
        self._actor_trace = fade * self._actor_trace + self._direction(seen, action, delta)
        if self.steps >= s.actor_from:
            step = bounded_step(self._actor_trace, delta, s.rate, s.actor_bound)
            self.actor.parameters += step[: len(self.actor.parameters)]
            self.log_spread += step[len(self.actor.parameters) :]
            np.clip(self.log_spread, math.log(s.least_spread), math.log(s.most_spread), out=self.log_spread)
        self.steps += 1
        if failed or over:
            self.end()
        return delta

    def _direction(self, seen: Array, action: Array, delta: float) -> Array:
        """Return the gradient of the action's log-probability, and of what entropy is worth, by all parameters."""
        mean = np.tanh(self.actor(seen))
        off = (action - mean) * np.exp(-self.log_spread)
        by_mean = off * np.exp(-self.log_spread) * (1.0 - np.square(mean))
        by_spread = np.square(off) - 1.0 + self.settings.entropy * np.sign(delta)
        return np.concatenate([self.actor.gradient(by_mean), by_spread])


def bounded_step(trace: Array, delta: float, rate: float, bound: float) -> Array:
    """Return the step along a trace that does not overshoot (ObGD, Algorithm 3 of arXiv 2410.14606).

    Args:
        trace: (p,) eligibility.
        delta: the critic's error.
        rate: step size alpha if nothing bounds it.
        bound: kappa.
    """
    overshoot = rate * bound * max(abs(delta), 1.0) * float(np.abs(trace).sum())
    return rate / max(1.0, overshoot) * delta * trace
