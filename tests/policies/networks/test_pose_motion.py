"""Features of the tool's motion are its speed along and about the axes of its heading."""

import numpy as np
import torch

from policies.networks.pose_motion import SCALES_M, SCALES_RAD, PoseMotion
from sim.quaternions import from_rotation_vector, multiply


def test_steps_and_turns_are_seen_along_the_heading():
    rng = np.random.default_rng(0)
    before = np.concatenate([rng.normal(size=(5, 3)), from_rotation_vector(rng.normal(size=(5, 3)))], axis=1)
    moved, turned = rng.normal(scale=1e-3, size=(5, 3)), rng.normal(scale=1e-2, size=(5, 3))
    pose = np.concatenate([before[:, :3] + moved, multiply(from_rotation_vector(turned), before[:, 3:])], axis=1)
    heading = np.tile([0.6, 0.8], (5, 1))  # of the tool's y, so its x is (0.8, -0.6)
    frame = np.array([[0.8, -0.6, 0.0], [0.6, 0.8, 0.0], [0.0, 0.0, 1.0]])
    parts = [moved @ frame.T / scale for scale in SCALES_M] + [turned @ frame.T / scale for scale in SCALES_RAD]
    found = PoseMotion()(*(torch.from_numpy(value) for value in (pose, before, heading)))
    np.testing.assert_allclose(found.numpy(), np.tanh(np.concatenate(parts, axis=1)), atol=2e-3)


def test_nothing_moves_in_the_first_step():
    pose = torch.rand(2, 7)
    assert not PoseMotion()(pose, pose, torch.rand(2, 2)).any()
