"""Analytic derivatives agree with finite differences, everything starts at rest, and bad names are refused."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.errors import ConfigError
from sim.trajectories import parse_trajectory
from sim.trajectories.harmonic import Harmonic

SMOOTH = [
    "figure8:period=3.5",
    "figure8:period=15,scale=0.5,ramp=1",
    "circle:period=3,radius=0.7",
    "lissajous",
    "lissajous:nx=1,ny=5,nz=2,z=0.4",
    "langevin:seed=3",
    "waypoints",
    "waypoints:points=0.5/0/0+0.5/-0.5/0.2,move=1,dwell=0",
]
CHAIN = ("position_w", "velocity_w", "acceleration_w", "jerk_w")


def difference(trajectory, name, time, h=1e-5):
    ahead, behind = trajectory.sample(time + h), trajectory.sample(time - h)
    return (getattr(ahead, name) - getattr(behind, name)) / (2.0 * h)


@pytest.mark.parametrize("text", SMOOTH)
def test_derivatives_agree_with_finite_differences(text):
    trajectory = parse_trajectory(text)
    # Off the knots, where a piece's jerk may jump; past the ramp and within it.
    time = np.random.default_rng(0).uniform(0.01, trajectory.duration_s + 1.0, 400)
    time = time[np.abs(np.mod(time + 0.05, 0.1) - 0.05) > 1e-4]
    reference = trajectory.sample(time)
    for lower, upper in pairwise(CHAIN):
        expected = difference(trajectory, lower, time)
        size = 1.0 + np.abs(expected).max()
        np.testing.assert_allclose(getattr(reference, upper), expected, atol=1e-4 * size, err_msg=upper)


@pytest.mark.parametrize("text", SMOOTH)
def test_everything_to_the_acceleration_is_continuous(text):
    trajectory = parse_trajectory(text)
    time = np.linspace(0.0, trajectory.duration_s + 0.5, 20_001)
    reference = trajectory.sample(time)
    for lower, upper in pairwise(CHAIN):
        steps = np.abs(np.diff(getattr(reference, lower), axis=0)).max()
        assert steps <= 1.1 * (time[1] - time[0]) * np.abs(getattr(reference, upper)).max() + 1e-12, lower


@pytest.mark.parametrize("text", [*SMOOTH, "steps"])
def test_it_begins_at_the_origin_at_rest(text):
    reference = parse_trajectory(text).sample([-1.0, 0.0])
    for name in CHAIN[:2]:
        np.testing.assert_allclose(getattr(reference, name), 0.0, atol=1e-12, err_msg=name)


def test_jerk_is_continuous_where_the_ramp_ends():
    trajectory = parse_trajectory("figure8:period=5.5,ramp=2")
    before, after = trajectory.sample([2.0 - 1e-9, 2.0 + 1e-9]).jerk_w
    np.testing.assert_allclose(before, after, atol=1e-6)


def test_the_figure_eight_is_the_published_one():
    trajectory = parse_trajectory("figure8:period=5.5")
    time = trajectory.settle_s + np.linspace(0.0, 5.5, 2001)
    position = trajectory.sample(time).position_w
    th = 2.0 * np.pi * (time - 1.0) / 5.5 + np.pi / 2.0  # a smooth ramp of 2 s costs half of it
    np.testing.assert_allclose(position[:, 0], np.cos(th), atol=1e-9)
    np.testing.assert_allclose(position[:, 1], 0.5 * np.sin(2.0 * th), atol=1e-9)
    assert np.ptp(position, axis=0) == pytest.approx([2.0, 1.0, 0.0], abs=1e-4)


@settings(max_examples=30, deadline=None)
@given(
    st.tuples(*[st.floats(-2.0, 2.0)] * 3),
    st.tuples(*[st.integers(0, 5)] * 3),
    st.tuples(*[st.floats(-3.0, 3.0)] * 3),
    st.floats(1.0, 20.0),
    st.floats(0.5, 4.0),
)
def test_any_harmonic_curve_agrees_with_finite_differences(amplitude, frequency, offset, period, ramp):
    trajectory = Harmonic("any", amplitude, frequency, offset, period, ramp)
    time = np.linspace(0.05, ramp + period, 50)
    reference = trajectory.sample(time)
    for lower, upper in pairwise(CHAIN):
        expected = difference(trajectory, lower, time)
        np.testing.assert_allclose(getattr(reference, upper), expected, atol=1e-4 * (1.0 + np.abs(expected).max()))


def test_the_order_of_samples_does_not_matter():
    trajectory = parse_trajectory("langevin:seed=1")
    time = np.random.default_rng(0).uniform(0.0, 20.0, 50)
    together = trajectory.sample(time).position_w
    alone = np.concatenate([trajectory.sample([t]).position_w for t in time])
    np.testing.assert_array_equal(together, alone)


def test_langevin_is_seeded_and_spreads_as_it_should():
    first, again, other = (parse_trajectory(f"langevin:seed={seed}") for seed in (5, 5, 6))
    time = np.linspace(0.0, 15.0, 100)
    np.testing.assert_array_equal(first.sample(time).position_w, again.sample(time).position_w)
    assert np.abs(first.sample(time).position_w - other.sample(time).position_w).max() > 0.05
    curve = parse_trajectory("langevin:duration=2000,smooth=0.02").sample(np.arange(10.0, 1990.0, 0.1))
    assert curve.position_w.std() == pytest.approx(0.5 / (2.0 * np.sqrt(2.0)), rel=0.15)
    assert curve.velocity_w.std() == pytest.approx(0.5 / np.sqrt(2.0), rel=0.15)


def test_waypoints_are_reached_and_rest():
    trajectory = parse_trajectory("waypoints:points=0.5/0/0+0.5/-0.5/0.2,move=1,dwell=0.5")
    reference = trajectory.sample([1.0, 1.25, 1.5, 2.5, 9.0])
    np.testing.assert_allclose(reference.position_w[:3], [[0.5, 0.0, 0.0]] * 3, atol=1e-12)
    np.testing.assert_allclose(reference.position_w[3:], [[0.5, -0.5, 0.2]] * 2, atol=1e-12)
    np.testing.assert_allclose(reference.velocity_w, 0.0, atol=1e-12)


def test_steps_jump():
    position = parse_trajectory("steps:size=0.4,every=2,axis=z").sample([1.9, 2.1, 3.9, 4.1]).position_w
    np.testing.assert_array_equal(position[:, 2], [0.0, 0.4, 0.4, 0.0])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("eight", "choose one of: figure8"),
        ("", "unknown trajectory"),
        ("figure8:speed=2", "period, scale, ramp"),
        ("figure8:period", "name=value"),
        ("figure8:period=fast", "period=fast is not float"),
        ("figure8:period=0", "period must be positive"),
        ("figure8:period=nan", "period must be positive"),
        ("figure8:period=2,period=3", "twice"),
        ("lissajous:nx=1.5", "nx=1.5 is not int"),
        ("lissajous:z=inf", "finite"),
        ("waypoints:points=1/2", "three finite numbers"),
        ("waypoints:points=1/2/x", "is not points like"),
        ("waypoints:dwell=-1", "dwell must not be negative"),
        ("langevin:seed=-1", "seed must not be negative"),
        ("langevin:duration=1e9", "duration"),
        ("steps:axis=w", "x, y or z"),
    ],
)
def test_what_makes_no_trajectory_is_refused(text, words):
    with pytest.raises(ConfigError) as refusal:
        parse_trajectory(text)
    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_times_that_are_none_are_refused():
    with pytest.raises(ConfigError):
        parse_trajectory("circle").sample([0.0, np.nan])
