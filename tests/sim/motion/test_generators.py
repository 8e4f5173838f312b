"""Made motions: feet that stand do not slide, nothing sinks, weight stays above the feet, loops close."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.errors import ConfigError
from sim.motion import skeleton
from sim.motion.check import check, foot_slip
from sim.motion.generators.balance import center_of_mass
from sim.motion.generators.plan import Settings
from sim.motion.generators.registry import GENERATORS, generate
from sim.motion.generators.steps import bump, ease
from sim.motion.ground import ground_of
from sim.spec import GRAVITY


@pytest.mark.parametrize("name", GENERATORS)
def test_feet_stand_still_and_never_sink(name):
    ground = ground_of(generate(name))
    assert foot_slip(ground, 50.0).max() < 1e-9
    assert ground.lowest.min() > -1e-9
    heights = ground.foot_heights
    assert np.abs(heights[ground.contact]).max() < 1e-9
    assert (heights[~ground.contact] > 0.0).all()


@pytest.mark.parametrize("name", GENERATORS)
def test_loop_closes_and_every_frame_follows_from_the_last(name):
    clip = generate(name)
    assert clip.loops
    angles = np.concatenate([clip.joint_angles, clip.joint_angles[:2]])
    bend = np.abs(np.diff(angles, 2, axis=0)).max(axis=1)
    assert bend[-2:].max() <= 1.05 * bend[:-2].max() + 1e-12  # no more across the seam than anywhere else
    assert bend.max() * clip.fps**2 < 400.0  # rad/s^2
    drift = clip.root_position_w[-1] - clip.root_position_w[0]
    assert abs(drift[1]) < 0.02
    assert abs(drift[2]) < 0.02


@pytest.mark.parametrize("name", GENERATORS)
def test_motions_pass_their_own_filter(name):
    figures = check(generate(name))
    assert figures.refused == ""
    assert figures.stable_share > 0.5


@pytest.mark.parametrize("speed", [0.3, 0.9])
def test_walk_is_as_fast_as_asked_for(speed):
    clip = generate("walk", Settings(speed_m_s=speed))
    reached = clip.root_position_w[-1, 0] - clip.root_position_w[0, 0]
    assert reached == pytest.approx(speed * 9.98, abs=0.03)
    assert not clip.contact.all(axis=1).all()
    assert clip.contact.any(axis=1).all()  # walking is not running


def test_amplitude_and_seed_do_what_they_say():
    def depth(amplitude):
        return np.ptp(generate("squat", Settings(amplitude=amplitude)).root_position_w[:, 2])

    assert depth(0.5) == pytest.approx(0.5 * depth(1.0), rel=0.15)
    first, same, other = (generate("reach", Settings(seed=seed)).joint_angles for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, same)
    assert np.abs(first - other).max() > 0.3


def test_kick_reaches_forward_on_one_leg():
    clip = generate("kick", Settings(duration_s=5.0))
    foot = clip.body_position_w[:, clip.body("right_ankle")]
    assert np.ptp(foot[:, 0]) > 0.4
    assert foot[:, 2].max() > 0.2
    alone = ~clip.contact[:, 1]
    assert clip.contact[:, 0].all()
    mass = skeleton.center_of_mass(clip.body_position_w)
    assert np.abs(mass[alone, 1] - clip.body_position_w[0, clip.body("left_ankle"), 1]).mean() < 0.03


def test_too_long_steps_and_impossible_settings_are_refused():
    with pytest.raises(ConfigError, match=r"'walk'.*legs are too short"):
        generate("walk", Settings(speed_m_s=1.5, stature_m=0.5))
    with pytest.raises(ConfigError, match=r"--duration 0.1: expected"):
        Settings(duration_s=0.1)
    with pytest.raises(ConfigError, match="did you mean 'walk'"):
        generate("wlak")


def test_center_of_mass_solves_the_pendulum():
    """By finite differences, independent of the Fourier series: c'' = g / h (c - p)."""
    frames, loop_s, height, drift = 500, 4.0, 0.8, np.array([1.2, 0.0])
    share = np.arange(frames) / frames
    pressure = np.stack([1.2 * share + 0.1 * np.sin(2 * np.pi * share), 0.1 * np.cos(6 * np.pi * share)], axis=1)
    center = center_of_mass(pressure, drift, loop_s, height)
    around = np.concatenate([center[-1:] - drift, center, center[:1] + drift])
    second = np.diff(around, 2, axis=0) * (frames / loop_s) ** 2
    np.testing.assert_allclose(second, GRAVITY / height * (center - pressure), atol=2e-3)


@given(st.floats(-0.5, 1.5))
@settings(max_examples=50, deadline=None)
def test_ways_between_places_are_smooth_and_within(share):
    assert 0.0 <= ease(np.array(share)) <= 1.0
    assert 0.0 <= bump(np.array(share)) <= 1.0
    assert ease(np.array(share)) + ease(np.array(1.0 - share)) == pytest.approx(1.0)


def test_person_has_the_published_proportions():
    upright = np.array([[0.0, 0.0, skeleton.OFFSETS[0, 2]]])
    position, _ = skeleton.forward_kinematics(upright, np.array([[1.0, 0.0, 0.0, 0.0]]), np.zeros((1, 69)), 1.0)
    at = {name: position[0, k] for k, name in enumerate(skeleton.BODIES)}
    heights = {"left_hip": 0.530, "right_knee": 0.285, "left_ankle": 0.039, "right_shoulder": 0.818}
    for name, height in heights.items():
        assert at[name][2] == pytest.approx(height)
    assert at["left_shoulder"][1] == pytest.approx(0.129)
    assert skeleton.stature_from(position) == pytest.approx(1.0)
    assert sum(mass for _, _, mass, _ in skeleton._SEGMENTS) == pytest.approx(1.0)
    # Arms raised to the side lift the centre of mass of a person by their share; Winter's standing person has 0.56.
    assert skeleton.center_of_mass(position)[0, 2] == pytest.approx(0.575, abs=0.01)
