import numpy as np
import pytest

from sim.flight import cascade
from sim.randomization import sample
from sim.registry import load_task
from sim.spec import FlightLimits
from sim.tasks import _offboard as offboard
from sim.tasks import hover
from sim.tasks import hover_attitude as task

ACTION, TIMING = task.TASK.action, task.TASK.timing


def test_the_registry_finds_it():
    assert load_task("hover_attitude") is task


def test_it_observes_what_hover_observes():
    """One observation builder serves both."""
    assert [(t.name, t.size, t.unit, t.frame) for t in task.TASK.actor_terms[:-1]] == [
        (t.name, t.size, t.unit, t.frame) for t in hover.ACTOR_TERMS[:-1]
    ]
    assert task.TASK.actor_terms[-1].name == "applied_action"
    assert task.TASK.success == hover.TASK.success


def test_commands_are_what_the_radio_takes():
    assert ACTION.names == ("roll", "pitch", "yaw_rate", "thrust")
    assert ACTION.level == "attitude_thrust"
    thrust = np.array([ACTION.low[3], ACTION.nominal[3], ACTION.high[3]]) * 65535
    assert 1000 < thrust[0] < thrust[1] < thrust[2] < 60000, "the firmware reads less as none and cuts more"
    assert np.degrees(ACTION.high[0]) <= 30.0
    assert ACTION.nominal[:3] == (0.0, 0.0, 0.0)
    assert ACTION.nominal[3] * task.NOMINAL.thrust_to_weight == pytest.approx(1.0)


def test_the_slew_limit_is_no_limit_within_the_range():
    step = np.array(ACTION.slew_limit) * TIMING.control_period_s
    assert np.all(step + 1e-9 >= np.subtract(ACTION.high, ACTION.low))


def test_delays_fit_the_budget_and_the_learners_memory():
    action, observation = (
        task.EVALUATION_TABLE.term(name).distribution for name in ("action_delay_s", "observation_delay_s")
    )
    assert action.high + observation.high <= min(TIMING.latency_budget_s, 3 * TIMING.control_period_s) + 1e-9
    mean = 0.5 * (action.low + action.high + observation.low + observation.high)
    assert mean == pytest.approx(TIMING.latency_assumed_s)
    assert isinstance(task.ROBOT.limits, FlightLimits)
    assert observation.high < task.ROBOT.limits.state_age_s


def test_training_differs_from_judgement_by_the_lost_packets_only():
    training, judged = (table.as_data() for table in (task.TRAINING_TABLE, task.EVALUATION_TABLE))
    assert judged["terms"].pop("packet_loss")["high"] == pytest.approx(0.1)
    assert training == judged


def test_every_draw_can_hover_within_the_range():
    drawn = sample(task.EVALUATION_TABLE, task.NOMINAL, np.random.default_rng(0), 5000)
    thrust = cascade.hover_thrust(drawn, task.NOMINAL)
    assert ACTION.low[3] < thrust.min()
    assert thrust.max() < ACTION.high[3]


def test_starts_are_hovers_up_to_45_degrees_with_rotors_turning():
    start = task.sample_start(np.random.default_rng(1), 5000)
    tilt = np.arccos(1.0 - 2.0 * (start[:, 4] ** 2 + start[:, 5] ** 2))
    assert 0.97 * offboard.START_TILT_RAD < tilt.max() <= offboard.START_TILT_RAD + 1e-4
    assert np.all(start[:, 13:] == np.float32(task.NOMINAL.hover_command))
    assert np.abs(start[:, :3]).max() <= hover.START_POSITION_M


def test_the_reward_is_hovers_and_best_at_the_nominal_command():
    rest = np.zeros((1, 17))
    rest[0, 3] = 1.0
    nominal = np.array([ACTION.nominal])
    assert task.reward(rest, nominal) == pytest.approx([2.0])
    tilted = nominal + np.array([[0.5 * task.MAX_TILT_RAD, 0.0, 0.0, 0.0]])
    assert task.reward(rest, tilted) == pytest.approx([2.0 - 0.5 * 0.25])
    away = rest.copy()
    away[0, 0] = 0.1
    assert task.reward(away, nominal) == pytest.approx(hover.reward(away, np.array([hover.TASK.action.nominal])))
