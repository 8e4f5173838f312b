"""The recurrent unit written for numba against torch's own, forward and through time."""

from __future__ import annotations

import numpy as np
import torch
from numba import njit

from policies.learners import gru
from policies.learners.gru import backward, forward, initial_parameters, unpack, weight_gradient

STEPS, ENVS, INPUTS, DENSE, HIDDEN, OUTPUTS = 5, 3, 7, 6, 4, 2


@njit
def roll(parameters, x, h, d, gates, recurrent, out):
    weights = unpack(parameters, x.shape[2], d.shape[2], h.shape[2], out.shape[2])
    for t in range(x.shape[0]):
        forward(x[t], h[t], weights, d[t], gates[t], recurrent[t], h[t + 1], out[t])


@njit
def roll_back(parameters, x, h, d, gates, recurrent, grad_out, grad_h, gradient):
    steps, envs = x.shape[0], x.shape[1]
    weights = unpack(parameters, x.shape[2], d.shape[2], h.shape[2], grad_out.shape[2])
    grad_d, grad_gates, grad_recurrent = np.empty_like(d), np.empty_like(gates), np.empty_like(gates)
    grad_x = np.empty_like(x)
    for back in range(steps):
        t = steps - 1 - back
        backward(
            weights,
            h[t],
            d[t],
            gates[t],
            recurrent[t],
            grad_out[t],
            grad_h,
            grad_d[t],
            grad_gates[t],
            grad_recurrent[t],
            grad_x[t],
        )
    rows = steps * envs
    before, after = h[:-1].copy(), h[1:].copy()
    weight_gradient(
        x.reshape(rows, -1),
        before.reshape(rows, -1),
        d.reshape(rows, -1),
        after.reshape(rows, -1),
        grad_d.reshape(rows, -1),
        grad_gates.reshape(rows, -1),
        grad_recurrent.reshape(rows, -1),
        grad_out.reshape(rows, -1),
        gradient,
    )
    return grad_x


def in_torch(parameters, x, h):
    """The same network in float64: parameters, features, first hidden state, outputs and last hidden state."""
    flat = torch.tensor(parameters, dtype=torch.float64, requires_grad=True)
    W1, b1, Wx, bx, Wh, bh, W3, b3 = unpack.py_func(flat, INPUTS, DENSE, HIDDEN, OUTPUTS)
    features = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    start = torch.tensor(h, dtype=torch.float64, requires_grad=True)
    hidden, outputs = start, []
    for step in features:
        dense = torch.tanh(step @ W1 + b1)
        hidden = torch._VF.gru_cell(dense, hidden, Wx.T, Wh.T, bx, bh)
        outputs.append(torch.cat([dense, hidden], dim=1) @ W3 + b3)
    return flat, features, start, torch.stack(outputs), hidden


def test_forward_and_gradient_through_time_are_torchs():
    rng = np.random.default_rng(2)
    parameters = initial_parameters(INPUTS, DENSE, HIDDEN, OUTPUTS, rng)
    assert parameters.size == gru.parameter_count(INPUTS, DENSE, HIDDEN, OUTPUTS)
    x = rng.normal(size=(STEPS, ENVS, INPUTS)).astype(np.float32)
    h = np.zeros((STEPS + 1, ENVS, HIDDEN), np.float32)
    h[0] = rng.normal(size=(ENVS, HIDDEN)) * 0.5
    d, gates = np.zeros((STEPS, ENVS, DENSE), np.float32), np.zeros((STEPS, ENVS, 3 * HIDDEN), np.float32)
    recurrent, out = np.zeros((STEPS, ENVS, HIDDEN), np.float32), np.zeros((STEPS, ENVS, OUTPUTS), np.float32)
    roll(parameters, x, h, d, gates, recurrent, out)
    flat, features, start, outputs, last = in_torch(parameters, x, h[0])
    # The learner's tanh is a rational function within 1e-4 of the true one.
    np.testing.assert_allclose(out, outputs.detach().numpy(), atol=5e-4)
    np.testing.assert_allclose(h[-1], last.detach().numpy(), atol=5e-4)

    grad_out = rng.normal(size=out.shape).astype(np.float32)
    grad_last = rng.normal(size=h[0].shape).astype(np.float32)
    ((outputs * torch.from_numpy(grad_out)).sum() + (last * torch.from_numpy(grad_last)).sum()).backward()
    gradient, grad_h = np.empty_like(parameters), grad_last.copy()
    grad_x = roll_back(parameters, x, h, d, gates, recurrent, grad_out, grad_h, gradient)
    np.testing.assert_allclose(gradient, flat.grad.numpy(), atol=3e-3)
    np.testing.assert_allclose(grad_x, features.grad.numpy(), atol=3e-3)
    np.testing.assert_allclose(grad_h, start.grad.numpy(), atol=3e-3)
