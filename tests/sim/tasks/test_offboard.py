"""Tasks flown from the ground, at every level: what they share, and what the radio can carry."""

import numpy as np
import pytest

from sim.flight import cascade
from sim.randomization import sample
from sim.registry import load_task
from sim.spec import FlightLimits, preview_s
from sim.tasks import _offboard as offboard
from sim.tasks import hover, hover_attitude, hover_position, hover_rates, hover_velocity, track_rates

HOVERS = (hover_rates, hover_attitude, hover_velocity, hover_position)
HOVERING = pytest.mark.parametrize("task", HOVERS, ids=lambda task: task.TASK.name)
EACH = pytest.mark.parametrize("task", [*HOVERS, track_rates], ids=lambda task: task.TASK.name)


@EACH
def test_the_registry_finds_it_by_its_name(task):
    assert load_task(task.TASK.name) is task


@EACH
def test_it_observes_what_hover_observes(task):
    """One observation builder serves all."""
    terms = task.TASK.actor_terms
    assert [(t.name, t.size, t.unit, t.frame) for t in terms[:4]] == [
        (t.name, t.size, t.unit, t.frame) for t in hover.ACTOR_TERMS[:4]
    ]
    assert terms[4].name == "applied_action"


@EACH
def test_its_commands_are_those_of_its_level_and_rest_in_the_middle_of_their_range(task):
    action = task.TASK.action
    assert (action.names, action.unit) == cascade.CHANNELS[action.level]
    assert action.nominal == cascade.hover_action(action.level, task.NOMINAL)
    for i, name in enumerate(action.names):
        if name != "thrust":
            assert (action.nominal[i], action.low[i]) == (0.0, -action.high[i])


def test_the_packets_can_carry_the_ranges():
    thrust = np.array([hover_attitude.TASK.action.low[3], hover_attitude.TASK.action.high[3]]) * 65535
    assert 1000 < thrust[0] < thrust[1] < 60000, "the firmware reads less as none and cuts more"
    assert np.degrees(hover_attitude.TASK.action.high[0]) <= 30.0
    thrust = np.array([hover_rates.TASK.action.low[3], hover_rates.TASK.action.high[3]]) * 65535
    assert 10001 < thrust[0] < thrust[1] < 60000, "cflib's packet of rates"


@EACH
def test_the_slew_limit_is_no_limit_within_the_range(task):
    action = task.TASK.action
    step = np.array(action.slew_limit) * task.TASK.timing.control_period_s
    assert np.all(step + 1e-9 >= np.subtract(action.high, action.low))


@EACH
def test_delays_fit_the_budget_and_the_learners_memory(task):
    timing = task.TASK.timing
    action, observation = (
        task.EVALUATION_TABLE.term(name).distribution for name in ("action_delay_s", "observation_delay_s")
    )
    assert action.high + observation.high <= min(timing.latency_budget_s, 3 * timing.control_period_s) + 1e-9
    mean = 0.5 * (action.low + action.high + observation.low + observation.high)
    assert mean == pytest.approx(timing.latency_assumed_s)
    assert isinstance(task.ROBOT.limits, FlightLimits)
    assert observation.high < task.ROBOT.limits.state_age_s


@EACH
def test_training_differs_from_judgement_by_the_lost_packets_only(task):
    training, judged = (table.as_data() for table in (task.TRAINING_TABLE, task.EVALUATION_TABLE))
    assert judged["terms"].pop("packet_loss")["high"] == pytest.approx(0.1)
    assert training == judged


@pytest.mark.parametrize("task", [hover_rates, hover_attitude])
def test_every_draw_can_hover_within_the_range(task):
    drawn = sample(task.EVALUATION_TABLE, task.NOMINAL, np.random.default_rng(0), 5000)
    thrust = cascade.hover_thrust(drawn, task.NOMINAL)
    assert task.TASK.action.low[3] < thrust.min()
    assert thrust.max() < task.TASK.action.high[3]


def test_starts_are_hovers_up_to_45_degrees_with_rotors_turning():
    start = offboard.sample_start(np.random.default_rng(1), 5000)
    tilt = np.arccos(1.0 - 2.0 * (start[:, 4] ** 2 + start[:, 5] ** 2))
    assert 0.97 * offboard.START_TILT_RAD < tilt.max() <= offboard.START_TILT_RAD + 1e-4
    assert np.all(start[:, 13:] == np.float32(offboard.NOMINAL.hover_command))
    assert np.abs(start[:, :3]).max() <= hover.START_POSITION_M


@HOVERING
def test_the_reward_is_hovers_and_best_at_the_nominal_command(task):
    rest = np.zeros((1, 17))
    rest[0, 3] = 1.0
    action = task.TASK.action
    nominal = np.array([action.nominal])
    assert task.reward(rest, nominal) == pytest.approx([2.0])
    away = nominal + np.array([[0.25 * (action.high[0] - action.low[0]), 0.0, 0.0, 0.0]])
    assert task.reward(rest, away) == pytest.approx([2.0 - 0.5 * 0.25])


def test_a_tracker_by_radio_sees_what_is_ahead_and_starts_near_its_reference_mostly():
    assert preview_s(track_rates.TASK.actor_terms)
    start = track_rates.sample_start(np.random.default_rng(0), 2000)
    assert start.dtype == np.float32
    near = (np.abs(start[:, :3]) <= 0.25 * hover.START_POSITION_M + 1e-6).all(axis=1)
    assert 0.65 < near.mean() < 0.85
