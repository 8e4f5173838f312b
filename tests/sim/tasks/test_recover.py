"""Throws: where they begin, what counts as caught, and that everything else is hover's."""

import numpy as np
import pytest

from policies.evaluator import Evaluator
from sim.flight.layout import ANGULAR_VELOCITY_B, QUATERNION, VELOCITY_W
from sim.randomization import NOMINAL_TABLE
from sim.tasks import hover, recover
from tests.policies.controllers import CascadedPolicy, ConstantPolicy

N = 4000


@pytest.fixture(scope="module")
def starts():
    return recover.sample_start(np.random.default_rng(0), N)


def upright(state):
    """Cosine of the tilt."""
    return 1.0 - 2.0 * np.square(state[:, 4:6]).sum(axis=1)


def test_attitudes_are_uniform_over_all_rotations(starts):
    np.testing.assert_allclose(np.linalg.norm(starts[:, QUATERNION], axis=1), 1.0, atol=1e-6)
    share = np.histogram(upright(starts), bins=8, range=(-1.0, 1.0))[0] / N
    np.testing.assert_allclose(share, 1.0 / 8.0, atol=0.02)  # the cosine of a random direction is uniform


@pytest.mark.parametrize(("part", "most"), [(VELOCITY_W, 3.0), (ANGULAR_VELOCITY_B, 10.0)])
def test_throws_have_any_direction_and_size(starts, part, most):
    size = np.linalg.norm(starts[:, part], axis=1)
    assert size.max() <= most + 1e-5
    assert np.mean(size < 0.5 * most) == pytest.approx(0.5, abs=0.03)
    assert np.abs((starts[:, part] / size[:, None]).mean(axis=0)).max() < 0.05


def test_everything_else_is_hover_s():
    assert recover.TRAINING_TABLE.hash() == hover.TRAINING_TABLE.hash()
    assert recover.EVALUATION_TABLE.hash() == hover.EVALUATION_TABLE.hash()
    assert recover.TASK.actor_terms == hover.TASK.actor_terms
    assert recover.TASK.action == hover.TASK.action


def test_a_fall_ends_far_below_only():
    state = np.zeros((3, 17))
    state[:, 3] = 1.0
    state[1, 2] = -9.9
    state[2, 2] = -10.1
    assert recover.terminated(state).tolist() == [False, False, True]
    state[0, 4] = np.nan
    assert recover.terminated(state)[0]


def test_falling_is_no_recovery_and_height_is_counted():
    judge = Evaluator(recover, 40, 3, table=NOMINAL_TABLE, threads=1)
    fallen = judge(ConstantPolicy([0.0] * 4))
    assert not fallen.success.any()
    assert np.isinf(fallen.recovered_s).all()
    assert fallen.summary()["largest_height_lost_m"] > 5.0


def test_a_controller_for_small_tilts_catches_the_easy_throws_only():
    judge = Evaluator(recover, 60, 3, table=NOMINAL_TABLE, threads=1)
    caught = judge(CascadedPolicy(hover.NOMINAL)).recovered_s <= 2.0
    assert caught.any()
    assert not caught.all()
