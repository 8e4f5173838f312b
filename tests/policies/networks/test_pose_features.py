"""Features of poses against plain formulas."""

import numpy as np
import torch
from scipy.spatial.transform import Rotation

from policies.networks.pose_features import PoseFeatures, feature_count


def poses(count, seed=0, tilt=0.4):
    """Return a tool that points down with any heading, a thing and a velocity, and their observation."""
    rng = np.random.default_rng(seed)
    turns = Rotation.from_euler("z", rng.uniform(-3, 3, (2 * count, 1))) * Rotation.from_rotvec(
        tilt * rng.uniform(-1, 1, (2 * count, 3))
    )
    turns = [turns[:count] * Rotation.from_quat([1.0, 0.0, 0.0, 0.0]), turns[count:]]
    position, velocity = 0.05 * rng.normal(size=(2, count, 3)), rng.normal(size=(count, 3))
    return turns, position, velocity


def observe(turns, position, velocity):
    parts = [np.hstack([p, t.as_quat(scalar_first=True)]) for t, p in zip(turns, position)]
    return torch.tensor(np.hstack([np.zeros((len(velocity), 1)), *parts, velocity]))


def test_they_are_differences_and_upward_axes_along_the_heading():
    turns, position, velocity = poses(4)
    features = PoseFeatures((1, 8), (15,))(observe(turns, position, velocity)).numpy()
    way = turns[0].apply([0.0, 1.0, 0.0])
    level = Rotation.from_euler("z", -np.arctan2(-way[:, :1], way[:, 1:2]))  # from the base to the tool's heading
    up = turns[0].inv().apply([0.0, 0.0, 1.0])
    axis = level.apply(turns[1].apply([0.0, 0.0, 1.0]))
    apart = level.apply(position[0] - position[1])
    expected = [up, np.tanh(up[:, :2] / 0.1), axis, np.tanh(axis[:, :2] / 0.1)]
    expected += [np.tanh(apart / 0.1), np.tanh(apart / 0.01), np.tanh(apart / 0.001), level.apply(velocity)]
    np.testing.assert_allclose(features, np.hstack(expected), atol=1e-5)
    assert features.shape[1] == feature_count(2, 1)


def test_what_turns_as_a_whole_about_the_vertical_looks_the_same_and_is_answered_turned():
    seen, whole = PoseFeatures((1, 8), (15,)), Rotation.from_euler("z", 1.1)
    turns, position, velocity = poses(3, seed=1)
    turned = observe([whole * t for t in turns], [whole.apply(p) for p in position], whole.apply(velocity))
    plain = observe(turns, position, velocity)
    torch.testing.assert_close(seen(turned), seen(plain), atol=1e-5, rtol=0.0)
    motion = torch.tensor(np.random.default_rng(2).normal(size=(3, 6)))
    answers = [seen.to_base(o, motion).numpy() for o in (plain, turned)]
    for part in (slice(0, 3), slice(3, 6)):
        np.testing.assert_allclose(answers[1][:, part], whole.apply(answers[0][:, part]), atol=1e-5)
        np.testing.assert_allclose(
            np.linalg.norm(answers[0][:, part], axis=1), np.linalg.norm(motion[:, part], axis=1), atol=1e-5
        )
