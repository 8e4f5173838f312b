"""Randomization of bodies on legs: every table, what a simulation gets of it, and what is refused."""

import numpy as np
import pytest

from sim.distributions import Constant, LogUniform, Normal, Uniform
from sim.envs.legged import LeggedEnv, LeggedTask, load_legged_task, made_harder
from sim.errors import ConfigError
from sim.legged.randomizable import LEGGED_PARAMETERS, EpisodeDraws, LeggedTerm
from sim.legged.spec import LARGEST_DELAY_S, LeggedTaskSpec
from sim.randomization import RandomizationTable, Term
from sim.registry import load_task, task_names

TASKS = [name for name in task_names() if isinstance(getattr(load_task(name), "TASK", None), LeggedTaskSpec)]
TABLES = [getattr(load_task(name), table) for name in TASKS for table in ("TRAINING_TABLE", "EVALUATION_TABLE")]
TABLES += [table for name in TASKS if (table := getattr(load_task(name), "HARDER_TABLE", None))]
IDS = np.arange(300)


def term(name, distribution, mode):
    return LeggedTerm(name, distribution, mode, "made up")


def draws_of(*terms, joints=12):
    return EpisodeDraws(RandomizationTable("made up", terms), joints, seed=0).draw(IDS, IDS * 0)


def test_the_tasks_are_there():
    assert {"stand", "velocity"} <= set(TASKS)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_draws_are_within_their_ranges_paired_and_of_each_episode(table):
    draws = EpisodeDraws(table, 12, seed=0).draw(IDS, IDS * 0)
    assert {name: value.shape for name, value in draws.items()} == {
        name: (300, parameter.size or 12) for name, parameter in LEGGED_PARAMETERS.items()
    }
    for one in table.terms:
        if isinstance(one.distribution, Uniform):
            low, high = one.distribution.low, one.distribution.high
            drawn = draws[one.parameter]
            assert low <= drawn.min() < low + 0.1 * (high - low)
            assert high - 0.1 * (high - low) < drawn.max() <= high
    again = EpisodeDraws(RandomizationTable("fewer", table.terms[1:]), 12, seed=0)
    later = again.draw(IDS, IDS * 0 + 1)
    for one in table.terms[1:]:
        np.testing.assert_array_equal(again.draw(IDS, IDS * 0)[one.parameter], draws[one.parameter])
        if not isinstance(one.distribution, Constant):
            assert not (later[one.parameter] == draws[one.parameter]).any()
    delay = table.term("action_delay_s")
    assert delay is not None
    assert delay.distribution.high <= LARGEST_DELAY_S


@pytest.mark.parametrize("distribution", [Uniform(-1.0, 3.0), LogUniform(0.5, 2.0), Normal(1.0, 2.0), Constant(4.0)])
def test_quantiles_have_the_distribution_of_draws(distribution):
    share = (np.arange(4000) + 0.5) / 4000
    drawn = distribution.sample(np.random.default_rng(0), (40_000,))
    ours = distribution.quantile(share)
    assert ours.shape == share.shape
    for q in (0.05, 0.3, 0.5, 0.9):
        assert np.quantile(ours, q) == pytest.approx(np.quantile(drawn, q), abs=0.06)
    assert np.isfinite(distribution.quantile(np.zeros(1))).all()


def test_simulations_get_what_was_drawn():
    terms = (
        term("friction", Uniform(0.3, 1.5), "set"), term("base_mass", Uniform(-1.0, 1.0), "add"),
        term("link_mass", Uniform(0.8, 1.2), "scale"), term("centre_of_mass", Uniform(-0.05, 0.05), "add"),
        term("kp", Uniform(0.9, 1.1), "scale"), term("kd", Uniform(0.8, 1.2), "scale"),
        term("armature", Uniform(1.0, 1.5), "scale"), term("joint_friction", Uniform(0.0, 0.2), "set"),
        term("action_delay_s", Uniform(0.0, 0.02), "set"), term("joint_offset", Uniform(-0.02, 0.02), "add"),
    )  # fmt: skip
    task, table = load_legged_task("velocity"), RandomizationTable("made up", terms)
    env = LeggedEnv(task, 4, table=table, seed=3, threads=1)
    env.reset()
    drawn = EpisodeDraws(table, 12, seed=3).draw(np.arange(4), np.zeros(4, int))
    nominal = env.world.scene.model
    for k in range(4):
        model = env.world.batch.get_model(k)
        assert model.geom("FL_foot").friction[0] == pytest.approx(drawn["friction"][k, 0])
        base = nominal.body_mass[1] + drawn["base_mass"][k, 0]
        np.testing.assert_allclose(model.body_mass[1:], [base, *nominal.body_mass[2:] * drawn["link_mass"][k]])
        share = model.body_mass[1:] / nominal.body_mass[1:]
        np.testing.assert_allclose(model.body_inertia[1:], nominal.body_inertia[1:] * share[:, None])
        np.testing.assert_allclose(model.body_ipos[1] - nominal.body_ipos[1], drawn["centre_of_mass"][k])
        assert model.body_subtreemass[1] == pytest.approx(model.body_mass[1:].sum())
        np.testing.assert_allclose(model.actuator_gainprm[:, 0], 35.0 * drawn["kp"][k])
        np.testing.assert_allclose(model.actuator_biasprm[:, 1], -35.0 * drawn["kp"][k])
        np.testing.assert_allclose(model.actuator_biasprm[:, 2], -0.5 * drawn["kd"][k])
        np.testing.assert_allclose(model.dof_armature[6:], nominal.dof_armature[6:] * drawn["armature"][k])
        np.testing.assert_allclose(model.dof_frictionloss[6:], drawn["joint_friction"][k])
        np.testing.assert_allclose(model.actuator_delay, drawn["action_delay_s"][k, 0])
        np.testing.assert_allclose(env.world.joint_offset[k], drawn["joint_offset"][k], rtol=1e-6)


def test_a_table_says_what_is_drawn_for_each_joint():
    column = load_legged_task("velocity").training_table.describe().columns[0]
    assert "kp (per joint)" in list(column.cells)


def test_without_terms_everything_is_nominal():
    task = load_legged_task("velocity")
    env = LeggedEnv(LeggedTask(task.spec, RandomizationTable("none"), task.evaluation_table), 2, threads=1)
    env.reset()
    model, nominal = env.world.batch.get_model(1), env.world.scene.model
    for name in ("body_mass", "body_inertia", "body_ipos", "geom_friction", "actuator_gainprm", "actuator_biasprm"):
        np.testing.assert_allclose(getattr(model, name), getattr(nominal, name))
    np.testing.assert_array_equal(model.actuator_delay, 0.0)


def test_parameters_and_modes_that_there_are_not_are_refused():
    with pytest.raises(ConfigError, match="cannot randomize 'wind'"):
        term("wind", Uniform(0.0, 1.0), "set")
    with pytest.raises(ConfigError, match="'kp' cannot be randomized by 'add'"):
        term("kp", Uniform(0.0, 1.0), "add")
    assert issubclass(LeggedTerm, Term)


def test_a_delay_longer_than_the_history_is_refused_not_cut():
    with pytest.raises(ConfigError, match=r"'made up' drew action_delay_s = 0\.1, more than is remembered, 0\.04 s"):
        draws_of(term("action_delay_s", Constant(0.1), "set"))


@pytest.mark.parametrize("name", ["kp", "link_mass", "friction", "action_delay_s"])
def test_ranges_without_physical_meaning_are_refused_by_name(name):
    mode = LEGGED_PARAMETERS[name].modes[0]
    with pytest.raises(ConfigError, match=f"'made up' drew {name} = -"):
        draws_of(term(name, Uniform(-1.0, 0.5), mode))


def test_a_harder_training_goes_beyond_what_is_judged_and_no_other_task_has_one():
    task = load_legged_task("velocity")
    harder = made_harder(task)
    spread, pushed = (
        [{one.parameter: one.distribution for one in table.terms}[name] for table in tables]
        for name, tables in (
            ("centre_of_mass", (harder.training_table, task.evaluation_table)),
            ("push_period_s", (harder.training_table, task.evaluation_table)),
        )
    )
    assert spread[0].high == 2.0 * spread[1].high
    assert pushed[0].high < pushed[1].low
    assert harder.evaluation_table == task.evaluation_table
    with pytest.raises(ConfigError, match="--harder: task 'stand' has no table that is harder"):
        made_harder(load_legged_task("stand"))
