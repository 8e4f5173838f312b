"""The learner's fused arithmetic computes what the torch actor computes, forward and backward."""

import numpy as np
import pytest
import torch

from policies.learners import dense
from policies.learners.memory_kernel import (
    constants,
    features,
    features_adjoint,
    memory_size,
    rotation,
    start_memory,
)
from policies.networks.memory_mlp import MemoryMlp, MemoryMlpConfig

N = 7


HEXAROTOR = {"command_low": (0.0,) * 6, "command_high": (1.0,) * 6}
PREVIEW, OBSERVER = {"preview_s": (0.05, 0.3, 0.8)}, {"observer_s": 0.05}


@pytest.fixture(
    params=[{}, PREVIEW, HEXAROTOR | {"preview_s": (0.2,)}, OBSERVER, OBSERVER | PREVIEW],
    ids=["set-point", "preview", "six channels", "observer", "observer and preview"],
)
def actor(request):
    torch.manual_seed(0)
    return MemoryMlp(MemoryMlpConfig(hover=0.667, **request.param)).double()


@pytest.fixture
def batch(actor):
    rng = np.random.default_rng(1)
    k, looks = actor.action_size, actor.settings.preview_s
    seen = np.zeros((N, 6 + 3 * len(looks)))
    if looks:
        seen[:, :6] = 0.5 * rng.normal(size=(N, 6))
        for h, horizon in enumerate(looks):  # accelerations of up to some 20 m/s^2, where the squash bends
            asked = 8.0 * rng.normal(size=(N, 3))
            seen[:, 6 + 3 * h : 9 + 3 * h] = seen[:, 3:6] * horizon + 0.5 * horizon**2 * asked
    state = rng.normal(size=(N, 17))
    state[:, 3:7] /= np.linalg.norm(state[:, 3:7], axis=1, keepdims=True)
    arrays = {
        "state": state,
        "noise": 0.01 * rng.normal(size=(N, 18)),
        "seen": seen,
        "memory": 0.5 * rng.normal(size=(N, memory_size(actor))),
        "last": rng.random((N, k)),
        "before": rng.random((N, k)),
        "oldest": rng.random((N, k)),
    }
    return {name: value.astype(np.float32) for name, value in arrays.items()}


def torch_rotation(q):
    w, x, y, z = q.unbind(1)
    rows = [
        1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y),
        2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
        2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y),
    ]  # fmt: skip
    return torch.stack(rows, dim=1)


def torch_features(actor, b, reset=0.0):
    """Normalised features and the new memory by the torch actor."""
    state, noise, seen = b["state"], b["noise"], b["seen"]
    observation = torch.cat(
        [
            state[:, 0:3] + noise[:, 0:3] - seen[:, 0:3],
            torch_rotation(state[:, 3:7]) + noise[:, 3:12],
            state[:, 7:10] + noise[:, 12:15],
            state[:, 10:13] + noise[:, 15:18],
            b["last"],
            *([seen[:, 3:]] if actor.settings.preview_s else []),
        ],
        dim=1,
    )
    state_in = torch.cat([b["before"], b["oldest"], b["memory"]], dim=1)
    history, state_out = actor.remember(observation, state_in, torch.full((N, 1), reset, dtype=torch.float64))
    x = (actor.features(observation, history, state_out) - actor.feature_offset) * actor.feature_scale
    return x, state_out[:, 2 * actor.action_size :]


def numba_features(actor, b):
    out, memory_out = np.empty((N, actor.feature_size), np.float32), np.empty_like(b["memory"])
    features(
        b["state"], b["noise"], b["seen"], b["last"], b["before"], b["oldest"], b["memory"],
        *constants(actor.float()), memory_out, out,
    )  # fmt: skip
    actor.double()
    return out, memory_out


def test_features_and_memory_equal_the_actors(actor, batch):
    expected, memory = torch_features(actor, {name: torch.from_numpy(a).double() for name, a in batch.items()})
    actual, actual_memory = numba_features(actor, batch)
    # The learner's tanh is a rational approximation (1e-4 of up to 4 x 3 units of scale).
    np.testing.assert_allclose(actual, expected.detach().numpy(), atol=2e-3)
    np.testing.assert_allclose(actual_memory, memory.detach().numpy(), atol=1e-4)


def test_a_fresh_memory_equals_the_actors_reset(actor, batch):
    batch["before"][:] = batch["last"]
    batch["oldest"][:] = batch["last"]
    torch_batch = {name: torch.from_numpy(a.copy()).double() for name, a in batch.items()}
    expected, memory = torch_features(actor, torch_batch, reset=1.0)
    start_memory(
        np.ones(N, bool), batch["state"], batch["noise"], batch["seen"], batch["last"], batch["memory"]
    )  # fmt: skip
    actual, actual_memory = numba_features(actor, batch)
    np.testing.assert_allclose(actual, expected.detach().numpy(), atol=2e-3)
    np.testing.assert_allclose(actual_memory, memory.detach().numpy(), atol=1e-4)


def test_the_adjoint_equals_autodiff(actor, batch):
    rng = np.random.default_rng(2)
    k = actor.action_size
    grad_x, grad_memory = rng.normal(size=(N, actor.feature_size)), rng.normal(size=batch["memory"].shape)
    leaves = {name: torch.from_numpy(a).double().requires_grad_() for name, a in batch.items()}
    x, memory = torch_features(actor, leaves)
    ((x * torch.from_numpy(grad_x)).sum() + (memory * torch.from_numpy(grad_memory)).sum()).backward()

    scalars, _, scale = constants(actor.float())
    _, memory_out = numba_features(actor, batch)
    grads = [np.zeros((N, size), np.float32) for size in (17, k, k, k)]
    back = grad_memory.astype(np.float32)
    features_adjoint(
        batch["state"], batch["noise"], batch["seen"], memory_out, scalars, scale, grad_x.astype(np.float32),
        grads[0], back, grads[1], grads[2], grads[3],
    )  # fmt: skip
    for name, actual in zip(("state", "last", "before", "oldest", "memory"), (*grads, back)):
        expected = leaves[name].grad.numpy()
        np.testing.assert_allclose(actual, expected, atol=2e-3 * np.abs(expected).max(), err_msg=name)


def test_rotation_is_the_textbook_matrix():
    quaternion = np.array([0.5, -0.1, 0.7, 0.3])
    quaternion /= np.linalg.norm(quaternion)
    R = np.array(rotation(*quaternion.astype(np.float32))).reshape(3, 3)
    np.testing.assert_allclose(R @ R.T, np.eye(3), atol=1e-6)
    np.testing.assert_allclose(R.ravel(), torch_rotation(torch.from_numpy(quaternion[None])).numpy()[0], atol=1e-6)


def test_the_rational_tanh_is_close_and_passes_nan():
    x = np.linspace(-12.0, 12.0, 4001, dtype=np.float32)
    actual = np.array([dense.tanh(value) for value in x])
    assert np.abs(actual - np.tanh(x)).max() < 2e-4
    assert np.isnan(dense.tanh(np.float32(np.nan)))


def test_dense_network_equals_torch_forward_and_backward():
    rng = np.random.default_rng(0)
    sizes = (5, 8, 6, 3)
    flat = dense.initial_parameters(sizes, rng) + rng.normal(size=dense.parameter_count(sizes)).astype(np.float32) * 0.1
    x, grad_out = rng.normal(size=(9, 5)).astype(np.float32), rng.normal(size=(9, 3)).astype(np.float32)
    h1, h2, out = (np.empty((9, size), np.float32) for size in sizes[1:])
    g1, g2, gx = np.empty_like(h1), np.empty_like(h2), np.empty_like(x)
    weights = dense.unpack(flat, *sizes)
    gradient = np.empty_like(flat)
    dense.forward(x, weights, h1, h2, out)
    dense.backward(weights, h1, h2, grad_out, g1, g2, gx)
    dense.weight_gradient(x, h1, h2, g1, g2, grad_out, gradient)

    p = torch.from_numpy(flat).double().requires_grad_()
    W1, b1, W2, b2, W3, b3 = dense.unpack.py_func(p, *sizes)
    tx = torch.from_numpy(x).double().requires_grad_()
    y = torch.tanh(torch.tanh(tx @ W1 + b1) @ W2 + b2) @ W3 + b3
    (y * torch.from_numpy(grad_out)).sum().backward()
    np.testing.assert_allclose(out, y.detach().numpy(), atol=1e-3)
    np.testing.assert_allclose(gx, tx.grad.numpy(), atol=2e-3)
    np.testing.assert_allclose(gradient, p.grad.numpy(), atol=1e-2)
