"""The hand-written adjoint against float64 autodiff of an independent reimplementation."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from sim.errors import ConfigError
from sim.flight.adjoint import step_adjoint
from sim.flight.kernel import step
from tests.sim.flight import reference
from tests.sim.flight.batches import random_commands, random_parameters, random_states, random_wind, with_all_terms


def autodiff(state, command, parameters, dt, grad_next, wind=None):
    x = torch.from_numpy(state.astype(np.float64)).requires_grad_()
    c = torch.from_numpy(command.astype(np.float64)).requires_grad_()
    wind = None if wind is None else torch.from_numpy(wind.astype(np.float64))
    following = reference.step(x, c, reference.as_double(parameters), dt, wind)
    following.backward(torch.from_numpy(grad_next.astype(np.float64)))
    return following.detach().numpy(), x.grad.numpy(), c.grad.numpy()


def relative_error(value: np.ndarray, truth: np.ndarray) -> float:
    """Largest error over environments, relative to the norm of each environment's vector."""
    return float((np.abs(value - truth).max(1) / np.linalg.norm(truth, axis=1)).max())


@pytest.mark.parametrize("num_rotors", [4, 6])
@pytest.mark.parametrize("parameter_set", ["l2f_paper", "l2f_v2"])
@pytest.mark.parametrize("dt", [0.002, 0.01, 0.02])
def test_step_and_adjoint_match_float64_autodiff(dt, parameter_set, num_rotors):
    rng = np.random.default_rng(1)
    n = 400
    parameters = random_parameters(rng, n, parameter_set, num_rotors)
    state, command = random_states(rng, n, num_rotors), random_commands(rng, n, num_rotors)
    grad_next = rng.normal(size=state.shape).astype(np.float32)
    following, grad_state, grad_command = autodiff(state, command, parameters, dt, grad_next)
    packed = parameters.packed(dt)
    assert relative_error(step(state, command, packed), following) < 1e-6
    ours_state, ours_command = step_adjoint(state, command, packed, grad_next)
    assert relative_error(ours_state, grad_state) < 1e-5
    assert relative_error(ours_command, grad_command) < 1e-5


@pytest.mark.parametrize("num_rotors", [4, 6])
def test_step_and_adjoint_with_all_terms_match_float64_autodiff(num_rotors):
    rng = np.random.default_rng(11)
    n, dt = 400, 0.01
    parameters = with_all_terms(rng, random_parameters(rng, n, "l2f_v2", num_rotors))
    state, command = random_states(rng, n, num_rotors), random_commands(rng, n, num_rotors)
    wind, grad_next = random_wind(rng, n), rng.normal(size=state.shape).astype(np.float32)
    height = state[:, 2] - parameters.floor_height_w
    assert (height < 0.5 * parameters.rotor_radius_m).any()
    assert (height > 0.5 * parameters.rotor_radius_m).any()
    following, grad_state, grad_command = autodiff(state, command, parameters, dt, grad_next, wind)
    packed = parameters.packed(dt)
    assert relative_error(step(state, command, packed, wind), following) < 1e-6
    ours_state, ours_command = step_adjoint(state, command, packed, grad_next, wind)
    assert relative_error(ours_state, grad_state) < 1e-5
    assert relative_error(ours_command, grad_command) < 1e-5


def test_adjoint_matches_finite_differences_of_the_kernel_itself():
    rng = np.random.default_rng(2)
    n, step_size = 64, 1e-2
    packed = random_parameters(rng, n).packed(0.01)
    state, command = random_states(rng, n), random_commands(rng, n)
    command = np.where(np.abs(command - state[:, 13:]) < 0.05, state[:, 13:] + 0.1, command).astype(np.float32)
    command = np.maximum(command, np.float32(2.0 * step_size))  # below zero a rotor stands still
    grad_next = rng.normal(size=state.shape).astype(np.float32)
    grad_state, grad_command = step_adjoint(state, command, packed, grad_next)

    def cost(x, c):
        return (step(x, c, packed).astype(np.float64) * grad_next).sum(1)

    for gradient, inputs, evaluate in (
        (grad_state, state, lambda x: cost(x, command)),
        (grad_command, command, lambda c: cost(state, c)),
    ):
        for k in range(inputs.shape[1]):
            above, below = inputs.copy(), inputs.copy()
            above[:, k] += step_size
            below[:, k] -= step_size
            slope = (evaluate(above) - evaluate(below)) / (above[:, k] - below[:, k])
            np.testing.assert_allclose(gradient[:, k], slope, atol=4e-3, rtol=4e-3)


def test_adjoint_of_a_whole_flight_matches_autodiff():
    """Errors do not build up over a 64-step window."""
    rng = np.random.default_rng(5)
    n, steps, dt = 16, 64, 0.01
    parameters = random_parameters(rng, n)
    packed, p = parameters.packed(dt), reference.as_double(parameters)
    state = random_states(rng, n)
    state[:, 10:13] *= 0.1
    # Slow swings: fast ones would rest on float32 deciding exactly when a rotor turns from rising to falling.
    commands = 0.6 + 0.3 * np.sin(0.2 * np.arange(steps)[:, None, None] + rng.uniform(0, 6, (1, n, 4)))
    commands = commands.astype(np.float32)
    states = [state]
    for command in commands:
        states.append(step(states[-1], command, packed))
    final = rng.normal(size=state.shape).astype(np.float32)
    grad = final
    for k in reversed(range(steps)):
        grad, grad_command = step_adjoint(states[k], commands[k], packed, grad)

    x = first = torch.from_numpy(state.astype(np.float64)).requires_grad_()
    c0 = torch.from_numpy(commands[0].astype(np.float64)).requires_grad_()
    for k in range(steps):
        x = reference.step(x, c0 if k == 0 else torch.from_numpy(commands[k].astype(np.float64)), p, dt)
    x.backward(torch.from_numpy(final.astype(np.float64)))
    assert relative_error(grad, first.grad.numpy()) < 1e-4
    assert relative_error(grad_command, c0.grad.numpy()) < 1e-4


def test_gradient_may_overwrite_its_input():
    rng = np.random.default_rng(4)
    packed = random_parameters(rng, 8).packed(0.01)
    state, command = random_states(rng, 8), random_commands(rng, 8)
    grad_next = rng.normal(size=state.shape).astype(np.float32)
    expected, expected_command = step_adjoint(state, command, packed, grad_next)
    got, got_command = step_adjoint(state, command, packed, grad_next, grad_state=grad_next)
    assert got is grad_next
    np.testing.assert_array_equal(got, expected)
    np.testing.assert_array_equal(got_command, expected_command)


def test_nan_gradient_stays_in_its_environment():
    rng = np.random.default_rng(6)
    packed = random_parameters(rng, 3).packed(0.01)
    state, command = random_states(rng, 3), random_commands(rng, 3)
    for column in range(state.shape[1]):
        grad_next = rng.normal(size=state.shape).astype(np.float32)
        grad_next[1, column] = np.nan
        grad_state, grad_command = step_adjoint(state, command, packed, grad_next)
        assert np.isnan(grad_state[1]).any()
        assert np.isfinite(grad_state[[0, 2]]).all()
        assert np.isfinite(grad_command[[0, 2]]).all()


def test_wrong_gradient_shape_is_named():
    rng = np.random.default_rng(0)
    packed = random_parameters(rng, 3).packed(0.01)
    state, command = random_states(rng, 3), random_commands(rng, 3)
    with pytest.raises(ConfigError, match=r"'grad_next' must have shape \(3, 17\), got \(2, 17\)"):
        step_adjoint(state, command, packed, state[:2])
    with pytest.raises(ConfigError, match=r"'grad_command' must have shape \(3, 4\)"):
        step_adjoint(state, command, packed, state.copy(), grad_command=state.copy())
