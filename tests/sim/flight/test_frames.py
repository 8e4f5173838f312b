"""Centre of mass to body origin and back, rotation matrices and their adjoint, hover states."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from sim.errors import ConfigError
from sim.flight.frames import from_body_origin, hover_state, to_body_origin
from sim.flight.kernel import step
from sim.flight.model import build_model, model_fields
from sim.flight.rotation import FEATURES, features, features_adjoint, rotation_matrix
from sim.registry import load_robot
from tests.sim.flight.batches import random_parameters, random_states


def test_there_and_back_again():
    rng = np.random.default_rng(0)
    state, offset = random_states(rng, 100), rng.normal(0.0, 0.01, (100, 3))
    qpos, qvel = to_body_origin(state, offset)
    np.testing.assert_allclose(from_body_origin(qpos, qvel, state[:, 13:], offset), state, atol=1e-6)


def test_matches_mujocos_own_centre_of_mass():
    rng = np.random.default_rng(1)
    parameters, state = random_parameters(rng, 1), random_states(rng, 1)
    robot = load_robot("crazyflie")
    model = build_model(robot)
    for name, value in model_fields(model, robot, parameters).items():
        getattr(model, name)[:] = value[0]
    data = mujoco.MjData(model)
    mujoco.mj_setConst(model, data)
    qpos, qvel = to_body_origin(state, parameters.centre_of_mass_b)
    data.qpos[:], data.qvel[:] = qpos[0], qvel[0]
    mujoco.mj_forward(model, data)
    mujoco.mj_subtreeVel(model, data)
    np.testing.assert_allclose(data.xipos[1], state[0, :3], atol=1e-6)
    np.testing.assert_allclose(data.subtree_linvel[1], state[0, 7:10], atol=1e-5)


def test_wrong_shapes_are_named():
    state = random_states(np.random.default_rng(0), 3)
    with pytest.raises(ConfigError, match=r"'centre_of_mass_b' must have shape \(num_envs, 3\), got \(3,\)"):
        to_body_origin(state, np.zeros(3))
    with pytest.raises(ConfigError, match=r"'qpos' must have shape \(num_envs, 7\), got \(3, 17\)"):
        from_body_origin(state, state, state, state)


def test_hover_state_stays_put():
    rng = np.random.default_rng(2)
    parameters = random_parameters(rng, 20, "l2f_paper")
    parameters.motor_gain[:] = 1.0
    for name in ("centre_of_mass_b", "force_w", "torque_b"):
        getattr(parameters, name)[:] = 0.0
    start = hover_state(parameters, (1.0, 2.0, 3.0))
    state = start
    for _ in range(50):
        state = step(state, start[:, 13:].copy(), parameters.packed(0.01))
    np.testing.assert_allclose(state, start, atol=2e-4)


def test_rotation_matrix_matches_scipy():
    q = random_states(np.random.default_rng(3), 50)[:, 3:7].astype(np.float64)
    expected = Rotation.from_quat(q, scalar_first=True).as_matrix()
    np.testing.assert_allclose(rotation_matrix(q), expected, atol=1e-6)


def test_features_hold_position_rotation_and_velocities():
    state = random_states(np.random.default_rng(4), 50)
    out = features(state)
    assert out.shape == (50, FEATURES)
    np.testing.assert_array_equal(out[:, :3], state[:, :3])
    np.testing.assert_allclose(out[:, 3:12], rotation_matrix(state[:, 3:7]).reshape(50, 9), atol=1e-6)
    np.testing.assert_array_equal(out[:, 12:], state[:, 7:13])


def test_features_adjoint_matches_autodiff_and_adds():
    rng = np.random.default_rng(5)
    state = random_states(rng, 50)
    grad_features = rng.normal(size=(50, FEATURES)).astype(np.float32)
    x = torch.from_numpy(state.astype(np.float64)).requires_grad_()
    w, i, j, k = x[:, 3:7].unbind(1)
    rows = [
        w * w + i * i - j * j - k * k, 2 * (i * j - w * k), 2 * (i * k + w * j),
        2 * (i * j + w * k), w * w - i * i + j * j - k * k, 2 * (j * k - w * i),
        2 * (i * k - w * j), 2 * (j * k + w * i), w * w - i * i - j * j + k * k,
    ]  # fmt: skip
    out = torch.cat([x[:, :3], torch.stack(rows, 1), x[:, 7:13]], 1)
    out.backward(torch.from_numpy(grad_features.astype(np.float64)))
    grad_state = np.ones_like(state)
    features_adjoint(state, grad_features, grad_state)
    np.testing.assert_allclose(grad_state - 1.0, x.grad.numpy(), atol=2e-5)


def test_features_refuse_wrong_shapes():
    with pytest.raises(ConfigError, match="'state' must have shape"):
        features(np.zeros((3, 5), np.float32))
    with pytest.raises(ConfigError, match=r"'grad_features' must have shape \(3, 18\)"):
        features_adjoint(np.zeros((3, 17), np.float32), np.zeros((3, 17), np.float32), np.zeros((3, 17), np.float32))
