"""When commands arrive: delays, their jitter, and control periods that are not what they should be.

A policy made for 100 Hz may be called 97 times a second, and now and then late. Physics then goes
on for longer between two calls: the environment stretches the physics steps of the period, their
number stays. Delays are in seconds, whatever the period.
"""

from __future__ import annotations

import numpy as np

from sim.envs.delays import command_slots, hold_weights
from sim.errors import ConfigError
from sim.randomization import Sample

SHORTEST_PERIOD = 0.75
"""Least period over the nominal one; commands are kept long enough for delays at this rate."""


class Clocks:
    """Delays and periods of ``num_envs`` loops; ``weights`` (num_envs, substeps, slots) are those of ``delays.py``."""

    def __init__(self, num_envs: int, period_s: float, substeps: int, budget_s: float) -> None:
        self.slots = command_slots(budget_s / SHORTEST_PERIOD, period_s)
        self.weights = np.zeros((num_envs, substeps, self.slots), np.float32)
        self.period = np.ones(num_envs, np.float32)
        """This period over the nominal one, (num_envs,)."""
        self._period_s, self._substeps, self._budget_s = period_s, substeps, budget_s
        self._delay_s, self._delay_jitter_s = np.zeros(num_envs), np.zeros(num_envs)
        self._mean, self._period_jitter = np.ones(num_envs), np.zeros(num_envs)
        self._rng = np.random.default_rng(0)

    def seed(self, rng: np.random.Generator) -> None:
        """Take an own random stream from ``rng`` without advancing it."""
        self._rng = rng.spawn(1)[0]

    def check(self, drawn: Sample, table: str) -> None:
        """Refuse delays beyond the latency budget, or periods too short.

        Raises:
            ConfigError: one line with the cure.
        """
        delays = {
            "action": drawn.action_delay_s + drawn.action_jitter_s,
            "observation": drawn.observation_delay_s + drawn.estimator_delay_s,
        }
        for name, delay in delays.items():
            if delay.max(initial=0.0) > self._budget_s + 1e-9:
                raise ConfigError(
                    f"{name} delay of {1e3 * delay.max():.1f} ms is above the task's latency budget of"
                    f" {1e3 * self._budget_s:.0f} ms; shorten it in table '{table}' or raise the budget"
                )
        shortest = (drawn.control_period * (1.0 - drawn.control_period_jitter)).min(initial=1.0)
        if shortest < SHORTEST_PERIOD:
            raise ConfigError(
                f"a control period of {shortest:.2f} times the nominal one is below {SHORTEST_PERIOD:g};"
                f" narrow control_period or its jitter in table '{table}'"
            )

    def restart(self, ids: np.ndarray, drawn: Sample) -> None:
        """Begin the episodes ``ids``, one row of ``drawn`` each."""
        self._delay_s[ids], self._delay_jitter_s[ids] = drawn.action_delay_s, drawn.action_jitter_s
        self._mean[ids], self._period_jitter[ids] = drawn.control_period, drawn.control_period_jitter
        self.period[ids] = drawn.control_period
        self.weights[ids] = self._weights(drawn.action_delay_s / drawn.control_period)

    def tick(self) -> None:
        """Draw the next period: its length and the delay of its command. Draws nothing without jitter."""
        if self._period_jitter.any():
            change = self._rng.uniform(-1.0, 1.0, len(self._mean))
            self.period[:] = self._mean * (1.0 + self._period_jitter * change)
        if self._delay_jitter_s.any():
            delay_s = self._delay_s + self._delay_jitter_s * self._rng.random(len(self._delay_s))
            self.weights[:] = self._weights(delay_s / self._mean)

    def _weights(self, delay_s: np.ndarray) -> np.ndarray:
        """Shares of the recent commands at these delays, counted in nominal periods of physics."""
        return hold_weights(delay_s, self._period_s, self._substeps, self.slots)
