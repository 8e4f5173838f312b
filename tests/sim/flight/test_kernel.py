"""What one step of the kernel guarantees: valid states, independent environments, clear errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.errors import ConfigError
from sim.flight import kernel, layout
from sim.flight.kernel import step
from tests.sim.flight.batches import random_commands, random_parameters, random_states


@pytest.fixture
def batch():
    rng = np.random.default_rng(0)
    return random_states(rng, 5), random_commands(rng, 5), random_parameters(rng, 5).packed(0.01)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    num_envs=st.integers(0, 40),
    num_rotors=st.integers(1, 8),
    dt=st.floats(1e-4, 0.05),
)
def test_next_state_is_valid(seed, num_envs, num_rotors, dt):
    rng = np.random.default_rng(seed)
    parameters = random_parameters(rng, num_envs, num_rotors=num_rotors)
    state, command = random_states(rng, num_envs, num_rotors), random_commands(rng, num_envs, num_rotors)
    following = step(state, command, parameters.packed(dt))
    assert following.shape == state.shape
    assert following.dtype == np.float32
    assert np.isfinite(following).all()
    np.testing.assert_allclose(np.linalg.norm(following[:, layout.QUATERNION], axis=1), 1.0, atol=1e-6)
    low, high = np.minimum(state[:, 13:], command), np.maximum(state[:, 13:], command)
    assert (following[:, 13:] >= low - 1e-6).all()
    assert (following[:, 13:] <= high + 1e-6).all()


def test_environments_are_independent(batch):
    state, command, packed = batch
    together = step(state, command, packed)
    for k in range(len(state)):
        alone = step(state[k : k + 1], command[k : k + 1], packed[k : k + 1])
        np.testing.assert_array_equal(alone[0], together[k])


def test_step_in_place_equals_step(batch):
    state, command, packed = batch
    expected = step(state, command, packed)
    assert step(state, command, packed, out=state) is state
    np.testing.assert_array_equal(state, expected)


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("column", range(17))
def test_nan_in_the_state_propagates_and_stays_in_its_environment(batch, column, value):
    state, command, packed = batch
    expected = step(state, command, packed)
    state[2, column] = value
    following = step(state, command, packed)
    assert not np.isfinite(following[2]).all()
    others = [0, 1, 3, 4]
    np.testing.assert_array_equal(following[others], expected[others])


@pytest.mark.parametrize("column", range(4))
def test_nan_in_the_command_reaches_speed_velocity_and_rates(batch, column):
    state, command, packed = batch
    command[2, column] = np.nan
    following = step(state, command, packed)
    assert np.isnan(following[2, 13 + column])
    assert np.isnan(following[2, 7:13]).all()


def test_nan_parameter_propagates(batch):
    state, command, packed = batch
    packed[3, layout.FIRST_ROTOR : layout.FIRST_ROTOR + 3] = np.nan
    following = step(state, command, packed)
    assert np.isnan(following[3, layout.VELOCITY_W]).all()
    assert np.isfinite(following[[0, 1, 2, 4]]).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s, c, p: (s[:, :16].copy(), c, p), r"'state' must have shape \(5, 17\), got \(5, 16\)"),
        (lambda s, c, p: (s[:3], c, p), r"'state' must have shape \(5, 17\), got \(3, 17\)"),
        (lambda s, c, p: (s, c[0], p), r"'command' must have shape \(5, 4\), got \(4,\)"),
        (lambda s, c, p: (s, c, p[:, 1:].copy()), r"'packed' must have shape \(5, 57\), got \(5, 56\)"),
        (lambda s, c, p: (s.astype(np.float64), c, p), r"'state' must be float32, got float64"),
        (lambda s, c, p: (np.asfortranarray(s), c, p), r"'state' must be C-contiguous"),
        (lambda s, c, p: (s, c.tolist(), p), r"'command' must be a NumPy array, got list"),
    ],
)
def test_wrong_input_is_named_in_one_line(batch, change, message):
    with pytest.raises(ConfigError, match=message) as caught:
        step(*change(*batch))
    assert "\n" not in str(caught.value)


def test_wrong_output_is_named(batch):
    with pytest.raises(ConfigError, match="'out' must have shape"):
        step(*batch, out=np.empty((4, 17), np.float32))


def test_no_double_precision_slips_into_the_machine_code():
    """One float64 constant would make numba compute the rest in double, at half the speed."""
    from numba import njit

    fresh = njit(fastmath=kernel.FASTMATH, error_model="numpy")(kernel.step_batch.py_func)
    rng = np.random.default_rng(0)
    state = random_states(rng, 2)
    packed = random_parameters(rng, 2).packed(0.01)
    fresh(state, random_commands(rng, 2), packed, kernel.still_air(state), np.empty_like(state))
    (code,) = fresh.inspect_llvm().values()
    assert "fmul" in code
    assert "double" not in code
