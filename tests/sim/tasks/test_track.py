"""Task track: references that can be flown, in the mixture stated, and starts near them."""

import numpy as np

from sim.spec import preview_s
from sim.tasks import hover, track
from sim.trajectories.steps import Steps
from sim.trajectories.table import ACCELERATION, POSITION, VELOCITY, ReferenceTable


def references(n=200, seed=0):
    return track.sample_references(np.random.default_rng(seed), n)


def test_it_observes_what_hover_does_and_where_the_reference_goes():
    assert track.TASK.actor_terms[: len(hover.ACTOR_TERMS)] == hover.ACTOR_TERMS
    assert preview_s(track.TASK.actor_terms) == track.PREVIEW_S
    assert track.TASK.observation_size == 22 + 3 + 3 * len(track.PREVIEW_S)


def test_tables_are_hovers_less_the_clocks_rate():
    for mine, theirs in (
        (track.TRAINING_TABLE, hover.TRAINING_TABLE), (track.EVALUATION_TABLE, hover.EVALUATION_TABLE)
    ):  # fmt: skip
        missing = {term.parameter for term in theirs.terms} - {term.parameter for term in mine.terms}
        assert missing == {"control_period"}
        assert mine.noise_std == theirs.noise_std


def test_references_begin_at_rest_and_can_be_flown():
    table = ReferenceTable(references(), 0.02, 600)
    assert not np.abs(table.samples[:, 0, :6]).max()
    smooth = [not isinstance(curve, Steps) for curve in references()]
    moving = table.samples[smooth]
    # The airframe with the least thrust that is judged has 1.15 times its weight: sideways 0.57 g.
    acceleration = np.linalg.norm(moving[..., ACCELERATION], axis=2)
    assert np.quantile(acceleration, 0.99) < 9.0
    assert np.linalg.norm(moving[..., VELOCITY], axis=2).max() < 5.0
    assert np.abs(moving[..., POSITION]).max() < 3.0


def test_speeds_reach_from_rest_to_the_fastest_published_figure_eight():
    speed = np.linalg.norm(ReferenceTable(references(), 0.02, 600).samples[..., VELOCITY], axis=2).max(axis=1)
    assert np.quantile(speed, 0.05) < 0.1
    assert speed.max() > 2.54  # m/s, T = 3.5 s


def test_the_same_seed_draws_the_same_references():
    first, again, other = (ReferenceTable(references(20, seed), 0.1, 50).samples for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0.1


def test_most_starts_are_near_and_some_are_thrown():
    start = track.sample_start(np.random.default_rng(0), 2000)
    tilt = np.arccos(np.clip(1.0 - 2.0 * (start[:, 4] ** 2 + start[:, 5] ** 2), -1.0, 1.0))
    thrown = tilt > 0.31
    assert 0.8 * track.THROWN_SHARE < thrown.mean() < track.THROWN_SHARE
    assert np.abs(start[:, 0:3]).max() <= hover.START_POSITION_M + 1e-6
    assert start.dtype == np.float32
