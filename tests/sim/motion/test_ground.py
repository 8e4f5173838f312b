"""Contact, height and stability by their published rules, each against a case worked out by hand."""

from dataclasses import replace

import numpy as np
import pytest

from sim.motion.check import foot_slip
from sim.motion.generators.plan import Settings
from sim.motion.generators.registry import generate
from sim.motion.ground import CONTACT_STEP_M, Ground, contact_mask, ground_of
from sim.motion.height import correct_height, held, smooth
from sim.motion.stability import center_of_pressure, judge_stability

NO_CONTACT = {"contact_names": (), "contact": np.zeros((0, 0), bool)}


def test_contact_is_low_and_slow_at_any_frame_rate():
    time_s = np.arange(60) / 60.0
    slow, fast = CONTACT_STEP_M * 30.0 * 0.9, CONTACT_STEP_M * 30.0 * 1.1
    for speed, height, expected in ((slow, 0.09, True), (slow, 0.11, False), (fast, 0.05, False)):
        toe = np.stack([speed * time_s, 0.0 * time_s, np.full(60, height)], axis=1)[:, None]
        assert (contact_mask(None, toe, 60.0) == expected).all()
        assert (contact_mask(None, toe[::2], 30.0) == expected).all()


def test_ankles_may_be_higher_than_toes():
    low, high = np.tile((0.0, 0.0, 0.14), (5, 1, 1)), np.tile((0.0, 0.0, 1.0), (5, 1, 1))
    assert contact_mask(low, high, 30.0).all()
    assert not contact_mask(high, low, 30.0).any()
    assert not contact_mask(low, high, 30.0, size=0.5).any()


def test_rule_finds_the_stance_that_a_generator_knows():
    clip = generate("walk", Settings(duration_s=4.0))
    by_rule = ground_of(replace(clip, **NO_CONTACT)).contact
    assert by_rule[clip.contact].mean() > 0.95
    assert by_rule[~clip.contact].mean() < 0.7  # slow and low parts of a swing pass for contact: the rule is lax


def test_center_of_pressure_weighs_low_points():
    points = np.array(
        [[[0.0, 0.0, 0.0], [1.0, 0.0, 0.0]], [[0.0, 0.0, 0.0], [1.0, 0.0, 0.1]], [[0.0, 0.0, -0.01], [1.0, 0.0, 0.0]]]
    )
    weights = np.array([[1.0, 1.0], [1.0, np.exp(-1.0)], [2.0, 1.0]])
    np.testing.assert_allclose(center_of_pressure(points)[:, 0], weights[:, 1] / weights.sum(axis=1))


def ground_with(distance):
    frames = len(distance)
    point = np.zeros((frames, 1, 3))
    mass = np.stack([distance, np.zeros(frames), np.ones(frames)], axis=1)
    return Ground(("foot",), point[:, 0:1], [point], mass, point[:, 0, 2], np.ones((frames, 1), bool))


@pytest.mark.parametrize(
    ("lost", "reason"),
    [((0, 1), "first"), ((399, 400), "last"), ((100, 199), ""), ((100, 200), "100 frames"), ((50, 52), "")],
)
def test_filter_refuses_bad_ends_and_long_gaps(lost, reason):
    distance = np.full(400, 0.05)
    distance[slice(*lost)] = 0.2
    verdict = judge_stability(ground_with(distance), 30.0)
    assert verdict.accepted == (reason == "")
    assert reason in verdict.reason
    assert judge_stability(ground_with(np.repeat(distance, 2)), 60.0).accepted == verdict.accepted


def test_floating_and_sunken_motions_come_to_the_ground():
    clip = generate("squat", Settings(duration_s=3.0))
    for shift in (0.07, -0.04):
        up = np.array([0.0, 0.0, shift])
        moved = replace(clip, root_position_w=clip.root_position_w + up, body_position_w=clip.body_position_w + up)
        again = correct_height(moved)
        np.testing.assert_allclose(again.root_position_w, clip.root_position_w, atol=1e-9)
        np.testing.assert_allclose(again.body_position_w, clip.body_position_w, atol=1e-9)


def test_feet_that_roll_do_not_slip():
    """Heel and toes of a foot that tips over its toes: the middle moves, the lowest point does not."""
    angle = np.linspace(0.0, 0.5, 20)
    toe = np.zeros((20, 3))
    heel = np.stack([-0.25 * np.cos(angle), 0.0 * angle, 0.25 * np.sin(angle)], axis=1)
    points = np.stack([heel, toe], axis=1)
    ground = Ground(("foot",), points.mean(axis=1)[:, None], [points], toe, toe[:, 2], np.ones((20, 1), bool))
    assert foot_slip(ground, 50.0).max() == 0.0
    slides = replace(ground, foot_points=[points + np.arange(20)[:, None, None] * (0.002, 0.0, 0.0)])
    np.testing.assert_allclose(foot_slip(slides, 50.0), 0.1)
    lifted = replace(ground, foot_points=[points + np.array([0.0, 0.0, 0.01])])
    assert len(foot_slip(lifted, 50.0)) == 0


def test_correction_holds_in_flight_and_is_smooth():
    heights = np.array([np.inf, 0.02, 0.04, np.inf, np.inf, 0.01])
    np.testing.assert_array_equal(held(heights), [0.02, 0.02, 0.04, 0.04, 0.04, 0.01])
    np.testing.assert_array_equal(held(np.full(3, np.inf)), 0.0)
    np.testing.assert_allclose(smooth(np.array([0.0, 1.0, 1.0]), 30.0), [0.0, 0.3, 0.51])
    # Twice the frames, the same time: the average arrives at the same place.
    np.testing.assert_allclose(smooth(np.array([0.0, 1.0, 1.0, 1.0, 1.0]), 60.0)[2::2], [0.3, 0.51])
