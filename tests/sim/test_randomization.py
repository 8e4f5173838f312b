import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from sim.distributions import Constant, Normal, Uniform
from sim.errors import ConfigError
from sim.inertia import principal_inertia, second_moments
from sim.randomizable import PARAMETERS
from sim.randomization import NOMINAL_TABLE, RandomizationTable, Term, sample, without_disturbances
from sim.robots.crazyflie.robot import L2F_PAPER, L2F_V2
from sim.spec import GRAVITY
from sim.tasks.hover import EVALUATION_TABLE

N = 20_000
WEIGHT = L2F_PAPER.mass * GRAVITY


@pytest.fixture(scope="module")
def drawn():
    return sample(EVALUATION_TABLE, L2F_PAPER, np.random.default_rng(5), N)


def assert_uniform(x, low, high):
    x = np.asarray(x, np.float64)
    assert low - 1e-6 * abs(low) <= x.min() <= low + 0.01 * (high - low)
    assert high - 0.01 * (high - low) <= x.max() <= high + 1e-6 * abs(high)
    assert x.mean() == pytest.approx((low + high) / 2, abs=0.01 * (high - low))
    assert x.std() == pytest.approx((high - low) / np.sqrt(12), rel=0.02)


def test_airframes_follow_the_table(drawn):
    flight = drawn.flight
    assert_uniform(flight.mass, 0.8 * L2F_PAPER.mass, 1.2 * L2F_PAPER.mass)
    assert_uniform(flight.thrust_curve[:, 2] / L2F_PAPER.thrust_curve[2], 0.85, 1.15)
    assert_uniform(flight.motor_rise_s, 0.7 * 0.15, 1.3 * 0.15)
    assert_uniform(flight.motor_fall_s, 0.7 * 0.15, 1.3 * 0.15)
    assert_uniform(flight.torque_per_thrust / L2F_PAPER.torque_per_thrust, 0.8, 1.2)
    for rotor in range(4):
        assert_uniform(flight.motor_gain[:, rotor], 0.95, 1.05)
    for axis in range(2):
        assert_uniform(flight.centre_of_mass_b[:, axis], -0.001, 0.001)
    assert_uniform(flight.centre_of_mass_b[:, 2], -0.005, 0.005)
    assert_uniform(flight.battery_sag, 0.03, 0.10)
    assert_uniform(flight.floor_height_w, -1.0, -0.1)
    for axis in range(3):
        assert_uniform(flight.rotor_drag[:, axis], 0.004, 0.013)
    assert_uniform(drawn.action_delay_s, 0.0, 0.015)
    assert_uniform(drawn.observation_delay_s, 0.0, 0.003)
    assert_uniform(drawn.control_period, 0.97, 1.03)
    assert np.all(drawn.position_bias_w == 0.0)


def test_disturbances_follow_the_paper(drawn):
    for axis in range(3):
        force, torque = drawn.flight.force_w[:, axis], drawn.flight.torque_b[:, axis]
        assert force.std() == pytest.approx(WEIGHT / 20, rel=0.02)
        assert torque.std() == pytest.approx(WEIGHT / 10_000, rel=0.02)
        assert abs(force.mean()) < 0.03 * WEIGHT / 20
        assert abs(torque.mean()) < 0.03 * WEIGHT / 10_000


def test_parameters_are_drawn_independently(drawn):
    columns = np.concatenate(list(drawn.draws.values()), axis=1)
    correlation = np.corrcoef(columns.T) - np.eye(columns.shape[1])
    assert np.abs(correlation).max() < 0.035  # 5 sigma at 20,000 draws


def test_inertia_stays_realizable_and_in_range(drawn):
    inertia = drawn.flight.inertia.astype(np.float64)
    nominal = np.array(L2F_PAPER.inertia)
    assert np.all(inertia <= 1.2 * nominal * (1 + 1e-6))
    assert np.all(inertia >= 0.8 * nominal * (1 - 1e-6))
    assert np.all(inertia.sum(axis=1, keepdims=True) >= 2 * inertia)  # triangle inequality
    assert np.all((inertia / nominal).std(axis=0) > 0.05)
    assert np.abs(np.diff(inertia / nominal, axis=1)).max() > 0.1  # axes differ from each other


@given(st.lists(st.floats(1e-7, 1e-3), min_size=3, max_size=3))
def test_second_moments_and_principal_inertia_are_inverse(moments):
    moments = np.array(moments)
    assert second_moments(principal_inertia(moments)) == pytest.approx(moments, rel=1e-9, abs=1e-15)


def test_nominal_table_gives_the_nominal_airframe():
    drawn = sample(NOMINAL_TABLE, L2F_V2, np.random.default_rng(0), 3)
    assert drawn.flight.mass == pytest.approx(L2F_V2.mass)
    assert drawn.flight.inertia == pytest.approx(np.tile(L2F_V2.inertia, (3, 1)))
    assert drawn.flight.thrust_curve == pytest.approx(np.tile(L2F_V2.thrust_curve, (3, 1)))
    assert np.all(drawn.action_delay_s == 0.0)
    assert np.all(drawn.flight.force_w == 0.0)
    assert drawn.thrust_to_weight == pytest.approx(L2F_V2.thrust_to_weight, rel=1e-6)
    assert np.all(drawn.thrust_scale == 1.0)


def test_leaving_disturbances_out_changes_nothing_else(drawn):
    calm = sample(without_disturbances(EVALUATION_TABLE), L2F_PAPER, np.random.default_rng(5), N)
    assert np.all(calm.flight.force_w == 0.0)
    assert np.all(calm.flight.torque_b == 0.0)
    assert np.all(calm.wind_w == 0.0)
    assert np.all(calm.gust_speed == 0.0)
    for name in ("mass", "inertia", "motor_gain", "thrust_curve", "centre_of_mass_b"):
        assert np.array_equal(getattr(calm.flight, name), getattr(drawn.flight, name))
    assert np.array_equal(calm.action_delay_s, drawn.action_delay_s)


def test_fewer_draws_are_the_first_of_many(drawn):
    few = sample(EVALUATION_TABLE, L2F_PAPER, np.random.default_rng(5), 10)
    assert np.array_equal(few.flight.motor_gain, drawn.flight.motor_gain[:10])


def test_rng_advances_alike_for_every_table():
    after = []
    for table in (NOMINAL_TABLE, EVALUATION_TABLE):
        rng = np.random.default_rng(9)
        sample(table, L2F_PAPER, rng, 7)
        after.append(rng.random())
    assert after[0] == after[1]


def test_modes():
    table = RandomizationTable(
        "modes",
        (
            Term("mass", Constant(0.5), "scale", "test"),
            Term("motor_rise_s", Constant(0.01), "add", "test"),
            Term("motor_fall_s", Constant(0.07), "set", "test"),
            Term("force_per_weight", Constant(0.1), "set", "test"),
        ),
    )
    flight = sample(table, L2F_PAPER, np.random.default_rng(0), 1).flight
    assert flight.mass[0] == pytest.approx(0.5 * L2F_PAPER.mass)
    assert flight.motor_rise_s[0] == pytest.approx(0.16)
    assert flight.motor_fall_s[0] == pytest.approx(0.07)
    assert flight.force_w[0] == pytest.approx([0.1 * WEIGHT] * 3)  # of the nominal weight


def test_take_and_put_move_whole_rows(drawn):
    part = drawn.take(np.arange(4))
    part.put(np.array([1, 3]), drawn.take(np.array([10, 11])))
    assert np.array_equal(part.flight.mass, drawn.flight.mass[[0, 10, 2, 11]])
    assert np.array_equal(part.action_delay_s, drawn.action_delay_s[[0, 10, 2, 11]])
    assert np.array_equal(part.draws["motor_gain"], drawn.draws["motor_gain"][[0, 10, 2, 11]])
    mask = np.zeros(N, bool)
    mask[5] = True
    assert drawn.take(mask).flight.mass[0] == drawn.flight.mass[5]


def test_thrust_to_weight_counts_every_rotor(drawn):
    i = 17
    flight = drawn.flight
    speed = 1.0
    for _ in range(50):  # full command on the battery that this speed loads
        speed = flight.battery_voltage[i] - flight.battery_sag[i] * speed**2
    thrust = flight.thrust_curve[i] @ [1.0, speed, speed**2]
    expected = flight.motor_gain[i].sum() * thrust / (flight.mass[i] * GRAVITY)
    assert drawn.thrust_to_weight[i] == pytest.approx(expected, rel=1e-5)


def test_hash_names_the_distributions_and_nothing_else():
    table = EVALUATION_TABLE
    renamed = dataclasses.replace(table, name="other", terms=tuple(reversed(table.terms)))
    resourced = dataclasses.replace(table, terms=tuple(dataclasses.replace(t, source="?") for t in table.terms))
    assert table.hash() == renamed.hash() == resourced.hash()
    changed = [
        dataclasses.replace(table, terms=table.terms[1:]),
        dataclasses.replace(table, noise_std=()),
        dataclasses.replace(
            table, terms=(*table.terms[1:], dataclasses.replace(table.terms[0], distribution=Uniform(0.8, 1.2001)))
        ),
        without_disturbances(table),
    ]
    assert len({table.hash(), *(other.hash() for other in changed)}) == len(changed) + 1


def test_table_prints_every_term_with_its_source():
    console = Console(width=200, record=True, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123
    console.print(EVALUATION_TABLE.describe())
    text = console.export_text()
    for term in EVALUATION_TABLE.terms:
        assert term.parameter in text
        assert term.source[:30] in text
    assert EVALUATION_TABLE.hash()[:12] in text


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Term("colour", Constant(1.0), "set", "-"), "colour"),
        (lambda: Term("inertia", Constant(1.0), "set", "-"), "scale"),
        (lambda: RandomizationTable("t", (Term("mass", Constant(1.0), "scale", "-"),) * 2), "twice"),
    ],
)
def test_terms_without_meaning_are_refused(make, words):
    with pytest.raises(ConfigError, match=words):
        make()


def test_values_without_physical_meaning_are_refused():
    table = RandomizationTable("heavy tail", (Term("mass", Normal(0.0, 1.0), "scale", "-"),))
    with pytest.raises(ConfigError, match=r"heavy tail.*mass"):
        sample(table, L2F_PAPER, np.random.default_rng(0), 100)


def test_every_parameter_can_be_drawn():
    for name, info in PARAMETERS.items():
        for mode in info.modes:
            table = RandomizationTable("one", (Term(name, Constant(0.5), mode, "-"),))
            drawn = sample(table, L2F_PAPER, np.random.default_rng(0), 2)
            assert drawn.draws[name].shape == (2, info.size or 4)
