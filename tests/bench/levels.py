"""What each action level gives and takes: success, the delay that it bears, how fast it moves, what it costs to train.

The task is to hover, trained and judged at every level with the tables of the level's own task.
"""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np

from policies.evaluator import evaluate
from policies.policy import Policy
from policies.runtime import load_policy
from sim.distributions import Uniform
from sim.envs.multirotor import MultirotorEnv
from sim.envs.task import SHORT_LEVELS, FlightTask, load_flight_task, task_at_level
from sim.randomization import RandomizationTable, nominal_airframe, sample
from tests.bench.verb import run_verb

EPISODES, DELAYED_EPISODES = 500, 200
SEED = 1000
BEARABLE = 0.95
"""Success rate that counts as bearing a delay."""
DELAY_STEP_S, MOST_DELAY_S = 0.005, 0.15
STEP_M, COVERED = 0.4, 0.9
"""A set-point jumps so far ahead; the response is over when this share of it is covered."""
SETTLE_S, RESPONSE_S = 3.0, 3.0
FLIGHTS = 32


def measure(
    repeats: int = 1, levels: Iterable[str] = tuple(SHORT_LEVELS), seeds: Iterable[int] = range(3)
) -> dict[str, object]:
    """Train and judge hover at every level.

    Args:
        repeats: of no use: figures do not vary, and times are not what this part is about.
        levels: short names.
        seeds: of the trainings; delay and step response are those of the first.

    Returns:
        ``levels.LEVEL.``: ``success_rate_min`` and ``train_cpu_s`` over the seeds, ``steady_error_m`` (largest median),
        ``delay_borne_s`` (largest constant delay on top of the table's at which at least 95 % succeed),
        ``step_response_s`` (median) and ``commands_per_s``.
    """
    figures: dict[str, object] = {}
    for level in levels:
        task = load_flight_task(task_at_level("hover", level))
        with tempfile.TemporaryDirectory(prefix="sim2metal-levels-") as folder:
            records = [_train_and_judge(task, seed, Path(folder) / str(seed)) for seed in seeds]
            _, policy = load_policy(Path(folder) / str(next(iter(seeds))) / "bundle")
            figures |= {
                f"levels.{level}.success_rate_min": min(record["success_rate"] for record in records),
                f"levels.{level}.steady_error_m": max(record["steady_error_m"] for record in records),
                f"levels.{level}.train_cpu_s": max(record["train_cpu_s"] for record in records),
                f"levels.{level}.delay_borne_s": delay_borne(policy, task),
                f"levels.{level}.step_response_s": step_response(policy, task),
                f"levels.{level}.commands_per_s": round(1.0 / task.TASK.timing.control_period_s),
            }
    return figures


def delayed(task: FlightTask, delay_s: float) -> FlightTask:
    """Return the task with every command so much later than its table says."""
    table = task.EVALUATION_TABLE
    term = table.term("action_delay_s")
    assert term is not None
    drawn = term.distribution
    assert isinstance(drawn, Uniform)
    later = dataclasses.replace(term, distribution=Uniform(drawn.low + delay_s, drawn.high + delay_s))
    terms = tuple(later if each is term else each for each in table.terms)
    timing = task.TASK.timing
    spec = dataclasses.replace(
        task.TASK, timing=dataclasses.replace(timing, latency_budget_s=timing.latency_budget_s + delay_s)
    )
    changed = {"TASK": spec, "EVALUATION_TABLE": dataclasses.replace(table, terms=terms)}
    return cast(FlightTask, SimpleNamespace(**{**vars(task), **changed}))


def delay_borne(policy: Policy, task: FlightTask, episodes: int = DELAYED_EPISODES) -> float:
    """Return the largest added delay, s, up to which at least ``BEARABLE`` of the episodes succeed."""
    borne = 0.0
    for delay_s in np.arange(DELAY_STEP_S, MOST_DELAY_S, DELAY_STEP_S):
        if evaluate(policy, delayed(task, float(delay_s)), episodes, SEED).success_rate < BEARABLE:
            break
        borne = float(delay_s)
    return round(borne, 3)


def step_response(policy: Policy, task: FlightTask) -> float:
    """Return the median time, s, in which the nominal airframe covers 90 % of a jump of its set-point."""
    table: RandomizationTable = nominal_airframe(task.EVALUATION_TABLE)
    env = MultirotorEnv(task, FLIGHTS, table=table, seed=SEED)
    everyone = np.arange(FLIGHTS)
    start = np.zeros((FLIGHTS, 13 + env.nominal.num_rotors), np.float32)
    start[:, 3], start[:, 13:] = 1.0, env.nominal.hover_speed
    observation = env.begin(everyone, sample(table, env.nominal, np.random.default_rng(SEED), FLIGHTS), start)
    memory, first = np.zeros((FLIGHTS, policy.state_size), np.float32), np.ones(FLIGHTS, bool)
    period_s = task.TASK.timing.control_period_s
    covered = []
    for step in range(round((SETTLE_S + RESPONSE_S) / period_s)):
        if step == round(SETTLE_S / period_s):
            env.references.move(everyone, np.tile(np.array([STEP_M, 0.0, 0.0], np.float32), (FLIGHTS, 1)))
        action, memory = policy.step(observation, memory, first)
        first = np.zeros(FLIGHTS, bool)
        observation = env.step(action)
        if step * period_s >= SETTLE_S:
            covered.append(env.position_w[:, 0] > COVERED * STEP_M)
    env.close()
    reached = np.array(covered)
    times = np.where(reached.any(axis=0), period_s * reached.argmax(axis=0), np.inf)
    return round(float(np.median(times)), 3)


def _train_and_judge(task: FlightTask, seed: int, folder: Path) -> dict[str, float]:
    trained = run_verb(folder.with_suffix(".json"), "train", task.TASK.name, "--seed", str(seed), "--out", str(folder))
    judged = evaluate(load_policy(folder / "bundle")[1], task, EPISODES, SEED)
    return {
        "train_cpu_s": trained["train.cpu_s"],
        "success_rate": judged.success_rate,
        "steady_error_m": judged.median_steady_error_m,
    }
