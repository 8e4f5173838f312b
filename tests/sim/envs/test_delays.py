import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.envs.delays import StateHistory, command_slots, hold_weights, mix_commands

PERIOD, SUBSTEPS, STEP = 0.01, 2, 0.005


@given(delay=st.floats(0.0, 0.03), substeps=st.integers(1, 5))
def test_weights_are_convex_and_their_mean_age_is_the_delay(delay, substeps):
    slots = command_slots(0.03, PERIOD)
    weights = hold_weights(np.array([delay]), PERIOD, substeps, slots)[0].astype(np.float64)
    assert np.all(weights >= 0.0)
    assert weights.sum(axis=1) == pytest.approx(np.ones(substeps), abs=1e-5)
    # Over a whole period a command issued j periods ago is j periods old on average.
    assert (weights.mean(axis=0) * np.arange(slots)).sum() * PERIOD == pytest.approx(delay, abs=1e-6)


def test_whole_and_half_steps_by_hand():
    weights = hold_weights(np.array([0.0, 0.005, 0.0075, 0.02]), PERIOD, SUBSTEPS, 3)
    assert weights[0] == pytest.approx(np.array([[1, 0, 0], [1, 0, 0]]))
    assert weights[1] == pytest.approx(np.array([[0, 1, 0], [1, 0, 0]]))
    assert weights[2] == pytest.approx(np.array([[0, 1, 0], [0.5, 0.5, 0]]), abs=1e-5)
    assert weights[3] == pytest.approx(np.array([[0, 0, 1], [0, 0, 1]]), abs=1e-5)


@pytest.mark.parametrize("delay", [0.0, 0.003, 0.01, 0.0137, 0.02, 0.03])
def test_an_impulse_arrives_after_exactly_the_delay_in_the_mean(delay):
    slots = command_slots(0.03, PERIOD)
    weights = hold_weights(np.array([delay]), PERIOD, SUBSTEPS, slots)
    commands = np.zeros((1, slots, 1), np.float32)
    arrived = []
    for period in range(8):
        commands[:, 1:] = commands[:, :-1].copy()
        commands[:, 0] = 1.0 if period == 0 else 0.0
        for substep in range(SUBSTEPS):
            out = np.empty((1, 1), np.float32)
            mix_commands(commands, weights, substep, out)
            arrived.append(float(out[0, 0]))
    arrived = np.array(arrived)
    assert arrived.sum() * STEP == pytest.approx(PERIOD, rel=1e-5)  # nothing lost
    centre = (arrived * (np.arange(len(arrived)) + 0.5) * STEP).sum() / arrived.sum()
    assert centre - PERIOD / 2 == pytest.approx(delay, abs=1e-6)


@pytest.mark.parametrize("delay", [0.0, 0.002, 0.005, 0.0098, 0.03])
def test_a_ramp_is_observed_exactly_one_delay_late(delay):
    history = StateHistory(2, 1, 0.03, STEP)
    history.restart(np.arange(2), np.zeros((2, 1), np.float32), np.array([delay, 0.0], np.float32))
    out = np.empty((2, 1), np.float32)
    for step in range(1, 30):
        history.push(np.full((2, 1), step * STEP, np.float32))
        history.delayed(out)
        assert out[0, 0] == pytest.approx(max(step * STEP - delay, 0.0), abs=1e-6)
        assert out[1, 0] == pytest.approx(step * STEP)


def test_a_restart_forgets_the_episode_before():
    history = StateHistory(2, 1, 0.03, STEP)
    history.restart(np.arange(2), np.zeros((2, 1), np.float32), np.full(2, 0.02, np.float32))
    for _ in range(10):
        history.push(np.full((2, 1), 5.0, np.float32))
    history.restart(np.array([1]), np.full((1, 1), 7.0, np.float32), np.array([0.02], np.float32))
    out = np.empty((2, 1), np.float32)
    history.delayed(out)
    assert out[:, 0].tolist() == [5.0, 7.0]
