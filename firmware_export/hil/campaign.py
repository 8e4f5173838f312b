"""Closed-loop episodes with the policy on boards: MuJoCo here, parity at every step, and what it all took."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from firmware_export.hil.board import Board
from firmware_export.hil.fleet import LockStepFleet, capacity
from firmware_export.hil.flights import LinkRecord
from firmware_export.hil.parity import ParityWatch
from firmware_export.hil.real_time import Punctuality, RealTimeFlight
from policies.evaluation import Evaluation
from policies.evaluator import Evaluator
from policies.runtime import OnnxPolicy
from sim.envs.task import FlightTask
from sim.errors import ConfigError, LinkError

MOST_DRAWS = 100
"""Rounds in a row without one airframe that can hover, after which no more are drawn: single ones are one in seven
for the heaviest parameter set."""


@dataclass
class Findings:
    """What the episodes showed."""

    watch: ParityWatch
    records: list[LinkRecord]
    punctuality: Punctuality = field(default_factory=Punctuality)
    evaluations: list[Evaluation] = field(default_factory=list)
    skipped: int = 0
    """Draws of rounds in which none could hover."""

    @property
    def episodes(self) -> int:
        """Episodes flown."""
        return sum(evaluation.episodes for evaluation in self.evaluations)

    @property
    def left_out(self) -> int:
        """Draws that could not hover, for which others were flown."""
        return self.skipped + sum(evaluation.left_out for evaluation in self.evaluations)

    @property
    def success(self) -> np.ndarray:
        """(episodes,) bool: the task's success criterion."""
        return np.concatenate([evaluation.success for evaluation in self.evaluations])

    @property
    def latency_s(self) -> np.ndarray:
        """(requests,) from a request to its answer."""
        return np.concatenate([record.latency_s for record in self.records])

    @property
    def most_ticks(self) -> int | None:
        """Of the boards' counters in one step; ``None`` if a step was longer than they count."""
        ticks = [record.most_ticks for record in self.records if record.steps]
        return None if not ticks or None in ticks else max(tick for tick in ticks if tick is not None)


class Campaign:
    """A number of episodes of a flight task, drawn as ``sim2metal eval`` draws them."""

    def __init__(
        self,
        boards: Sequence[Board],
        policy: OnnxPolicy,
        task: FlightTask,
        *,
        real_time: bool = False,
        progress: Callable[[int], None] = lambda steps: None,
    ) -> None:
        """Prepare; nothing is flown yet.

        Args:
            boards: that hold the policy; in real time only the first flies.
            policy: the same one on onnxruntime.
            task: what to fly.
            real_time: at the control rate, one flight after another, instead of all in lock-step.
            progress: called with the number of policy steps just made.

        Raises:
            LinkError: if a board has no room for a flight's state.
        """
        self.findings = Findings(ParityWatch(policy), [LinkRecord() for _ in boards])
        self._boards, self._policy, self._task = boards, policy, task
        self._real_time, self._progress = real_time, progress
        self._at_once = 1 if real_time else capacity(boards)
        if self._at_once == 0:
            raise LinkError(f"the board on {boards[0].port} has no memory left to hold a flight's state")

    def fly(self, episodes: int, seed: int) -> Findings:
        """Fly exactly this many episodes; those whose draw cannot hover are left out and replaced.

        As many as the boards hold fly together; the first of these rounds is the same set of
        episodes as ``sim2metal eval --episodes N --seed SEED`` flies.

        Args:
            episodes: to fly.
            seed: of the first round's airframes, starts and noise; counts up from round to round.

        Raises:
            ConfigError: for no episodes, or if no draw can hover.
            LinkError: if a board is lost or, in real time, silent.
        """
        findings, seeds = self.findings, itertools.count(seed)
        while findings.episodes < episodes:
            evaluator = self._draw(min(episodes - findings.episodes, self._at_once), seeds)
            findings.watch.begin(evaluator.sample.num_envs, findings.episodes)
            findings.evaluations.append(self._fly_round(evaluator))
        return findings

    def _draw(self, count: int, seeds: Iterator[int]) -> Evaluator:
        """Draw a round of at most ``count`` episodes, at least one of which can hover.

        Raises:
            ConfigError: if many draws in a row cannot.
        """
        airframe = self._policy.bundle.info.robot.parameter_set
        for attempt in itertools.count(1):
            try:
                return Evaluator(self._task, count, next(seeds), parameter_set=airframe, threads=1)
            except ConfigError:
                if attempt == MOST_DRAWS:
                    raise
                self.findings.skipped += count
        raise AssertionError("unreachable")

    def _fly_round(self, evaluator: Evaluator) -> Evaluation:
        count, findings = evaluator.sample.num_envs, self.findings
        if self._real_time:
            info, record = self._policy.bundle.info, findings.records[0]
            flight = RealTimeFlight(self._boards[0], info, record, findings.punctuality, findings.watch.compare)
            return evaluator(_OnBoard(flight.step, self._progress))
        fleet = LockStepFleet(self._boards, findings.records, count)
        try:
            return evaluator(_OnBoard(self._compared(fleet), self._progress))
        finally:
            fleet.close()

    def _compared(self, fleet: LockStepFleet) -> Callable[[np.ndarray], np.ndarray]:
        def step(observation: np.ndarray) -> np.ndarray:
            action = fleet.step(observation)
            self.findings.watch.compare(observation, action)
            return action

        return step


class _OnBoard:
    """The boards behind the policy interface: the state stays with them."""

    state_size = 0

    def __init__(self, step: Callable[[np.ndarray], np.ndarray], progress: Callable[[int], None]) -> None:
        self._step, self._progress = step, progress

    def step(self, observation: np.ndarray, state: np.ndarray, reset: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        action = self._step(observation)
        self._progress(len(observation))
        return action, state
