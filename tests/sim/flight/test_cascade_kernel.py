"""The reduced plant: its adjoint, and its step responses against the full body under the full law."""

import numpy as np
import pytest

from sim.envs.multirotor import MultirotorEnv
from sim.errors import ConfigError
from sim.flight import cascade, cascade_kernel
from sim.flight.levels import fractions
from sim.flight.rotation import rotation_matrix
from sim.randomization import NOMINAL_TABLE, RandomizationTable, sample
from sim.registry import load_task
from sim.tasks import _offboard as offboard
from sim.tasks import hover_attitude as task

ACTION, PERIOD_S = task.TASK.action, task.TASK.timing.control_period_s
AIRFRAMES = RandomizationTable("airframes", offboard.AIRFRAME)
STEPS = 50
LEVELS = ("hover_rates", "hover_attitude", "hover_velocity", "hover_position")


def random_batch(n, seed=0, of=task):
    rng = np.random.default_rng(seed)
    state = of.sample_start(rng, n)
    cascade.begin(state, of.NOMINAL)
    state[:, 13:16] = rng.normal(size=(n, 3)) * 0.2
    packed = cascade.pack(sample(of.TRAINING_TABLE, of.NOMINAL, rng, n), of.NOMINAL, of.TASK.action, PERIOD_S)
    return state, rng.random((n, 4)).astype(np.float32), packed, rng.normal(size=(n, 17)).astype(np.float32)


def in_double(state, command, packed):
    """The same arithmetic in float64, without the compiler."""
    out, x, y = np.empty(state.shape), np.empty(17), np.empty(17)
    for n in range(len(state)):
        x[:] = state[n]
        for _ in range(cascade_kernel.SUBSTEPS):
            cascade_kernel.substep.py_func(x, y, command, packed, n)
            x[:] = y
        out[n] = x
    return out


@pytest.mark.parametrize("of", LEVELS)
def test_the_adjoint_equals_central_differences_in_double_precision(of):
    state, command, packed, weight = random_batch(4, of=load_task(of))
    grad_state, grad_command = cascade_kernel.step_adjoint(state, command, packed, weight)
    double = [array.astype(np.float64) for array in (state, command, packed)]
    np.testing.assert_allclose(cascade_kernel.step(state, command, packed), in_double(*double), atol=1e-5)
    for which, gradient in ((0, grad_state), (1, grad_command)):
        for column in range(gradient.shape[1]):
            nudge = np.zeros_like(double[which])
            nudge[:, column] = 1e-5
            ahead, behind = ([*double] for _ in range(2))
            ahead[which], behind[which] = double[which] + nudge, double[which] - nudge
            slope = ((in_double(*ahead) - in_double(*behind)) * weight).sum(axis=1) / 2e-5
            np.testing.assert_allclose(gradient[:, column], slope, atol=1e-4, err_msg=f"{which} {column}")


def test_gradients_may_overwrite_their_input():
    state, command, packed, weight = random_batch(5)
    expected_state, expected_command = cascade_kernel.step_adjoint(state, command, packed, weight)
    actual = np.empty_like(expected_command)
    cascade_kernel.step_adjoint_batch(state, command, packed, weight, weight, actual)
    np.testing.assert_array_equal(weight, expected_state)
    np.testing.assert_array_equal(actual, expected_command)


def test_nan_stays_in_its_environment():
    state, command, packed, _ = random_batch(4)
    clean = cascade_kernel.step(state, command, packed)
    command[1, 0] = np.nan
    dirty = cascade_kernel.step(state, command, packed)
    assert np.isnan(dirty[1]).any()
    np.testing.assert_array_equal(np.delete(dirty, 1, axis=0), np.delete(clean, 1, axis=0))


def test_wrong_arrays_are_refused():
    state, command, packed, _ = random_batch(3)
    with pytest.raises(ConfigError, match="command"):
        cascade_kernel.step(state, command[:, :3].copy(), packed)
    with pytest.raises(ConfigError, match="float32"):
        cascade_kernel.step(state, command, packed.astype(np.float64))


def fly_both(table, n, command, of=task, steps=STEPS):
    """Fly one constant command, its thrust beyond that of hovering: (full, reduced) states, (steps, n, 17) each."""
    action = of.TASK.action
    env = MultirotorEnv(of, n, table=table, seed=1, threads=1)
    start = np.zeros((n, 17), np.float32)
    start[:, 3] = 1.0
    drawn = sample(table, of.NOMINAL, np.random.default_rng(3), n)
    start[:, 13:17] = np.clip(drawn.flight.hover_command(), 0.0, 1.0)[:, None]
    env.begin(np.arange(n), drawn, start)
    packed = cascade.pack(drawn, of.NOMINAL, action, PERIOD_S)
    state = start.copy()
    cascade.begin(state, of.NOMINAL)
    state[:, 16] = cascade.hover_thrust(drawn, of.NOMINAL)
    commands = np.tile(np.float32(command), (n, 1))
    if action.names[3] == "thrust":
        commands[:, 3] += state[:, 16]
    full, reduced = [], []
    for _ in range(steps):
        env.step(commands)
        state = cascade_kernel.step(state, fractions(commands, action), packed)
        full.append(env.state)
        reduced.append(state)
    return np.array(full), np.array(reduced)


def tilt_sines(states):
    """Sines of roll and pitch, (..., 2)."""
    matrix = rotation_matrix(states[..., 3:7].astype(np.float64))
    return np.stack([matrix[..., 2, 1], -matrix[..., 2, 0]], axis=-1)


@pytest.mark.parametrize("axis", [0, 1])
def test_nominal_tilt_follows_the_full_bodys_step_response(axis):
    command = np.zeros(4)
    command[axis] = 0.2
    full, reduced = (tilt_sines(states)[:, 0] / np.sin(0.2) for states in fly_both(NOMINAL_TABLE, 1, command))
    assert full[:, axis].max() > 1.05, "a step response with overshoot: there is something to follow"
    assert np.abs(full[:, 1 - axis]).max() < 0.02
    assert np.sqrt(np.mean((full[:, axis] - reduced[:, axis]) ** 2)) < 0.06


def test_nominal_thrust_and_yaw_rate_follow_within_their_lag():
    full, reduced = fly_both(NOMINAL_TABLE, 1, [0.0, 0.0, 0.0, 0.1])
    assert full[-1, 0, 9] == pytest.approx(reduced[-1, 0, 9], rel=0.05)
    full, reduced = fly_both(NOMINAL_TABLE, 1, [0.0, 0.0, 0.5, 0.0])
    assert full[-1, 0, 12] == pytest.approx(reduced[-1, 0, 12], abs=0.15)


@pytest.mark.parametrize(
    ("of", "command", "column", "reached", "tolerance"),
    [
        ("hover_rates", (1.0, 0.0, 0.0, 0.0), 10, 1.0, 0.05),
        ("hover_rates", (0.0, -1.0, 0.0, 0.0), 11, -1.0, 0.05),
        ("hover_rates", (0.0, 0.0, 1.0, 0.0), 12, 1.0, 0.15),
        ("hover_velocity", (0.5, 0.0, 0.0, 0.0), 7, 0.5, 0.06),
        ("hover_velocity", (0.0, -0.5, 0.0, 0.0), 8, -0.5, 0.06),
        ("hover_velocity", (0.0, 0.0, 0.5, 0.0), 9, 0.5, 0.06),
        ("hover_velocity", (0.0, 0.0, 0.0, 0.5), 12, 0.5, 0.15),
        ("hover_position", (0.3, 0.0, 0.0, 0.0), 0, 0.3, 0.05),
        ("hover_position", (0.0, -0.3, 0.0, 0.0), 1, -0.3, 0.05),
        ("hover_position", (0.0, 0.0, 0.3, 0.0), 2, 0.3, 0.05),
        ("hover_position", (0.0, 0.0, 0.0, 0.4), 6, np.sin(0.2), 0.1),
    ],
)
def test_nominal_step_responses_of_the_levels(of, command, column, reached, tolerance):
    """Rms difference over 1.5 s, as a share of the step."""
    full, reduced = fly_both(NOMINAL_TABLE, 1, command, load_task(of), steps=75)
    assert full[-1, 0, column] == pytest.approx(reached, rel=0.15), "it gets there"
    assert np.sqrt(np.mean((full - reduced)[:, 0, column] ** 2)) < tolerance * abs(reached)


def test_over_the_table_tilt_and_place_follow(monkeypatch):
    """For a step of 0.25 rad, median and 95 % of airframes, less the untrimmed part that is there on purpose."""
    monkeypatch.setattr(cascade, "UNTRIMMED", dict.fromkeys(cascade.UNTRIMMED, 0.0))
    n = 100
    full, reduced = fly_both(AIRFRAMES, n, [0.2, -0.15, 0.0, 0.03])
    tilt = np.sqrt(np.mean((tilt_sines(full) - tilt_sines(reduced)) ** 2, axis=(0, 2)))
    assert np.median(tilt) < 0.05
    assert np.percentile(tilt, 95) < 0.1
    moved = np.linalg.norm(full[-1, :, :3], axis=1)
    away = np.linalg.norm(full[-1, :, :3] - reduced[-1, :, :3], axis=1)
    assert np.median(away / moved) < 0.2


def test_coefficients_of_the_table_are_those_of_the_law():
    """What the randomization reaches: the figures quoted in docs/offboard.md."""
    drawn = sample(AIRFRAMES, task.NOMINAL, np.random.default_rng(0), 2000)
    packed = cascade.pack(drawn, task.NOMINAL, ACTION, PERIOD_S)
    nominal = sample(NOMINAL_TABLE, task.NOMINAL, np.random.default_rng(0), 1)
    assert cascade.lag(nominal, task.NOMINAL) == pytest.approx(0.05)
    lag = cascade.lag(drawn, task.NOMINAL)
    assert 0.02 <= lag.min() < 0.025
    assert 0.08 < lag.max() <= 0.095
    assert packed[:, cascade_kernel.ATTITUDE_GAIN].min() == pytest.approx(6.0 * 0.85, rel=0.02)
    assert packed[:, cascade_kernel.SPECIFIC_THRUST].min() < 16.0 < 30.0 < packed[:, 14].max()
    hover = cascade.hover_thrust(drawn, task.NOMINAL)
    assert hover.min() > offboard.LEAST_THRUST
    assert hover.max() < offboard.MOST_THRUST
