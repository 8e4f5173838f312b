"""The hand-written adjoint against float64 autodiff of an independent reimplementation."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from sim.flight.adjoint import step_adjoint
from sim.flight.kernel import step
from tests.sim.flight import reference
from tests.sim.flight.batches import random_commands, random_parameters, random_states


def autodiff(state, command, parameters, dt, grad_next):
    x = torch.from_numpy(state.astype(np.float64)).requires_grad_()
    c = torch.from_numpy(command.astype(np.float64)).requires_grad_()
    following = reference.step(x, c, reference.as_double(parameters), dt)
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
