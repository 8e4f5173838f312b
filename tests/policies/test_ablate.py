"""Ablations: what each takes away, that finished runs are kept, that killed ones go on, and the intervals."""

import dataclasses
import json
from types import SimpleNamespace

import numpy as np
import pytest

from policies import ablate
from policies.ablate import Args, ablated, interval
from policies.ablations import ABLATIONS, CLOCKS, MOTOR_LAG, NO_LAG_S, SENSORS, chosen
from policies.learners.analytic import AnalyticConfig
from policies.learners.drones import StartConfig
from policies.training_run import TrainConfig, TrainingRun
from sim.distributions import Constant
from sim.errors import ConfigError
from sim.randomization import DISTURBANCES, sample
from sim.tasks import hover

BY_NAME = {ablation.name: ablation for ablation in ABLATIONS}
TINY = TrainConfig(
    learner=dataclasses.replace(AnalyticConfig(), iterations=4, num_envs=8, window=8, critic_from=1, critic_batch=16),
    start=StartConfig(pool=32),
    evaluations=1,
    evaluation_episodes=4,
    checkpoint_every=2,
)


SHORT = SimpleNamespace(**{**vars(hover), "TASK": dataclasses.replace(hover.TASK, episode_s=1.0)})
"""Hover for a second, which is all of the steady window."""


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr(ablate, "load_flight_task", lambda _name: SHORT)


def args(out, *only, seeds=1, config=TINY):
    return Args("hover", seeds=seeds, only=only, episodes=6, eval_seed=5, out=out, config=config)


def names(table):
    return {term.parameter for term in table.terms}


@pytest.mark.parametrize("ablation", ABLATIONS, ids=lambda ablation: ablation.name)
def test_each_takes_away_one_thing_and_the_judge_keeps_all(ablation):
    changed = ablated(hover, ablation).TRAINING_TABLE.as_data() != hover.TRAINING_TABLE.as_data()
    configured = ablation.configure(TrainConfig()) != TrainConfig()
    assert changed + configured == (0 if ablation.name == "full" else 1)
    sample(ablated(hover, ablation).TRAINING_TABLE, hover.NOMINAL, np.random.default_rng(0), 16)


def test_tables_lose_what_the_name_says():
    before = hover.TRAINING_TABLE
    without_noise = BY_NAME["no_noise"].table(before)
    assert without_noise.noise_std == ()
    assert names(before) - names(without_noise) == names(before) & set(SENSORS)
    still = BY_NAME["no_disturbance"].table(before)
    assert names(before) - names(still) == names(before) & set(DISTURBANCES)
    drawn = sample(BY_NAME["no_motor_delay"].table(before), hover.NOMINAL, np.random.default_rng(0), 4)
    assert drawn.flight.motor_rise_s == pytest.approx(NO_LAG_S)
    assert drawn.flight.motor_fall_s == pytest.approx(NO_LAG_S)
    mean = sample(BY_NAME["mean_delay"].table(before), hover.NOMINAL, np.random.default_rng(0), 4)
    drawn = sample(before, hover.NOMINAL, np.random.default_rng(0), 4000)
    assert mean.action_delay_s == pytest.approx(drawn.action_delay_s.mean(), rel=0.03)
    none = sample(BY_NAME["no_delay"].table(before), hover.NOMINAL, np.random.default_rng(0), 4)
    assert not (none.action_delay_s + none.observation_delay_s).any()
    one = sample(BY_NAME["nominal_airframe"].table(before), hover.NOMINAL, np.random.default_rng(0), 4)
    assert np.ptp(one.flight.mass) == 0.0
    assert np.ptp(one.action_delay_s) > 0.0
    assert np.ptp(one.flight.force_w) > 0.0


def test_an_ablation_is_the_method_with_that_table_and_no_other_draw_changes():
    rng = [np.random.default_rng(3) for _ in range(2)]
    full = sample(hover.TRAINING_TABLE, hover.NOMINAL, rng[0], 32)
    other = sample(BY_NAME["no_motor_delay"].table(hover.TRAINING_TABLE), hover.NOMINAL, rng[1], 32)
    np.testing.assert_array_equal(full.flight.mass, other.flight.mass)
    assert set(MOTOR_LAG).isdisjoint(CLOCKS)
    assert isinstance(BY_NAME["no_motor_delay"].table(hover.TRAINING_TABLE).term("motor_rise_s").distribution, Constant)


def test_runs_are_kept_and_a_killed_one_goes_on_to_the_same_result(tmp_path, monkeypatch):
    whole = ablate.run(args(tmp_path / "whole", "no_noise"))
    assert [row["name"] for row in whole["ablate.rows"]] == ["full", "no_noise"]
    json.dumps(whole, allow_nan=False)

    iterate = TrainingRun.save
    saves = []

    def die(self):
        iterate(self)
        saves.append(self.learner.iteration)
        if len(saves) == 3:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(TrainingRun, "save", die)
        with pytest.raises(KeyboardInterrupt):
            ablate.run(args(tmp_path / "killed", "no_noise"))
    assert saves == [2, 4, 2]
    again = ablate.run(args(tmp_path / "killed", "no_noise"))
    assert again["ablate.rows"] == whole["ablate.rows"]

    monkeypatch.setattr(TrainingRun, "train", lambda *_: pytest.fail("a finished run was trained again"))
    assert ablate.run(args(tmp_path / "whole", "no_noise"))["ablate.rows"] == whole["ablate.rows"]


def test_runs_with_other_settings_are_refused(tmp_path):
    ablate.run(args(tmp_path, "full"))
    other = dataclasses.replace(TINY, learner=dataclasses.replace(TINY.learner, rate=1e-3))
    with pytest.raises(ConfigError, match="was made with another config"):
        ablate.run(args(tmp_path, "full", config=other))


def test_choices_are_named(tmp_path):
    with pytest.raises(ConfigError, match="unknown ablation 'no_gravity'; choose from: full, symmetric_critic"):
        chosen(("no_gravity",))
    assert [ablation.name for ablation in chosen(())] == list(BY_NAME)
    with pytest.raises(ConfigError, match="--seeds must be at least 1"):
        ablate.run(args(tmp_path, seeds=0))


def test_intervals_grow_with_the_spread_between_seeds_and_cover_the_rate():
    rng = np.random.default_rng(0)
    alike = [rng.random(400) < 0.9 for _ in range(5)]
    apart = [rng.random(400) < rate for rate in (1.0, 1.0, 0.9, 0.8, 0.8)]
    mean = [interval(rows, lambda values: values.mean(axis=-1)) for rows in (alike, apart)]
    assert mean[0][0] < 0.9 < mean[0][1]
    assert 0.01 < mean[0][1] - mean[0][0] < 0.05
    assert mean[1][1] - mean[1][0] > 2.0 * (mean[0][1] - mean[0][0])
    lost = interval([np.full(9, np.inf)] * 2, lambda values: np.median(values, axis=-1))
    assert lost == [None, None]
