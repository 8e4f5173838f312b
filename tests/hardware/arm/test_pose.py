"""Poses of the robot side against the simulator's quaternions, which are another implementation."""

import math

import numpy as np
import pytest

from hardware.arm.pose import angle_rad, canonical, distance_m, moved
from sim.quaternions import from_rotation_vector, multiply


@pytest.mark.parametrize("scale", [0.0, 1e-12, 0.05, 3.0])
def test_a_pose_is_moved_as_in_training(scale):
    rng = np.random.default_rng(0)
    for _ in range(20):
        wxyz = rng.normal(size=4)
        wxyz /= np.linalg.norm(wxyz)
        position, change = rng.normal(size=3), np.hstack([rng.normal(size=3), scale * rng.normal(size=3)])
        pose = moved(position, wxyz, change)
        np.testing.assert_allclose(pose[:3], position + change[:3])
        np.testing.assert_allclose(pose[3:], multiply(from_rotation_vector(change[3:]), wxyz), atol=1e-14)


def test_angles_do_not_depend_on_signs():
    quarter = (math.sqrt(0.5), 0.0, math.sqrt(0.5), 0.0)
    assert angle_rad(quarter, (1.0, 0.0, 0.0, 0.0)) == pytest.approx(math.pi / 2)
    assert angle_rad(quarter, (-1.0, 0.0, 0.0, 0.0)) == pytest.approx(math.pi / 2)
    assert angle_rad(quarter, tuple(-x for x in quarter)) == pytest.approx(0.0, abs=1e-7)
    assert canonical((0.6, -0.8, 0.0, 0.0), 1) == (-0.6, 0.8, 0.0, 0.0)
    assert canonical((-0.6, 0.8, 0.0, 0.0), 1) == (-0.6, 0.8, 0.0, 0.0)


def test_what_is_no_number_is_nowhere():
    assert math.isnan(distance_m((math.nan, 0.0, 0.0), (0.0, 0.0, 0.0)))
