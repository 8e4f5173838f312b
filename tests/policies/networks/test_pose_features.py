"""Features of poses against plain formulas."""

import numpy as np
import torch
from scipy.spatial.transform import Rotation

from policies.networks.pose_features import PoseFeatures, feature_count


def test_they_are_differences_and_upward_axes():
    rng = np.random.default_rng(0)
    turns = Rotation.from_quat(rng.normal(size=(4, 2, 4)).reshape(-1, 4))
    quaternion = turns.as_quat(scalar_first=True).reshape(4, 2, 4)
    position = rng.normal(size=(4, 2, 3)) * 0.05
    observation = np.concatenate([np.zeros((4, 1)), *(np.r_["1", position[:, i], quaternion[:, i]] for i in (0, 1))], 1)
    features = PoseFeatures((1, 8))(torch.tensor(observation)).numpy()
    up = turns.apply([0.0, 0.0, 1.0]).reshape(4, 2, 3)
    apart = position[:, 0] - position[:, 1]
    expected = [part for i in (0, 1) for part in (up[:, i], np.tanh(up[:, i, :2] / 0.1))]
    expected += [np.tanh(apart / 0.1), np.tanh(apart / 0.01)]
    np.testing.assert_allclose(features, np.hstack(expected), atol=1e-12)
    assert features.shape[1] == feature_count(2)
