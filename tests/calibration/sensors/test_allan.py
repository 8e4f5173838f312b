"""Noise of known strength is found again; what a log is too short for is not stated."""

import allantools
import numpy as np
import pytest

from calibration.recording.record import make_stream
from calibration.sensors.allan import fit_allan
from calibration.sensors.resting import rest_of, resting_part
from sim.errors import ConfigError

RATE_HZ = 100.0
DENSITY = 2e-4
"""rad/s/sqrt(Hz): of the gyroscopes in small flight controllers."""


def white(seed, count=60_000, density=DENSITY):
    return np.random.default_rng(seed).normal(0.0, density * np.sqrt(RATE_HZ), count)


def test_the_density_of_white_noise_is_found_and_the_rest_is_not_claimed():
    fits = [fit_allan(white(seed), RATE_HZ, "rad/s") for seed in range(8)]
    away = np.array([(fit.values["noise_density"] - DENSITY) / fit.errors["noise_density"] for fit in fits])
    assert np.abs(away).max() < 3.5
    assert max(fit.errors["noise_density"] for fit in fits) < 0.02 * DENSITY
    claimed = sum(name in fit.values for fit in fits for name in ("bias_instability", "random_walk"))
    assert claimed <= 1  # of sixteen
    assert fits[0].sample_std == pytest.approx(DENSITY * np.sqrt(RATE_HZ), rel=0.02)


def test_a_bias_that_flickers_is_found_at_its_floor():
    # Flicker of known strength by allantools' own generator (Kasdin and Walter), which knows its deviation.
    np.random.seed(3)
    flicker = allantools.Noise(nr=2**17, qd=1e-8, b=-3)
    flicker.generateNoise()
    values = np.diff(flicker.time_series) * RATE_HZ
    floor = float(flicker.adev_from_qd(1.0 / RATE_HZ, 1.0 / RATE_HZ))
    fit = fit_allan(values + white(1, len(values), 0.3 * floor / 10.0), RATE_HZ)
    assert fit.values["bias_instability"] == pytest.approx(floor / 0.664, rel=0.2)


def test_a_bias_that_walks_is_found():
    walk_density = 1e-3
    steps = np.random.default_rng(5).normal(0.0, walk_density / np.sqrt(RATE_HZ), 60_000)
    fit = fit_allan(np.cumsum(steps) + white(6), RATE_HZ)
    assert fit.values["random_walk"] == pytest.approx(walk_density, rel=0.15)
    assert fit.values["noise_density"] == pytest.approx(DENSITY, rel=0.1)


def test_a_short_log_bounds_what_it_does_not_show():
    fit = fit_allan(white(0, 2000), RATE_HZ, "rad/s")
    assert "bias_instability" not in fit.values
    assert "20 s at rest" in fit.unknown["bias_instability"]


def test_a_reading_that_never_changes_says_nothing():
    fit = fit_allan(np.ones(2000), RATE_HZ)
    assert not fit.values
    assert fit.sample_std is None
    assert "never changes" in fit.unknown["noise_density"]


def stream(values, time_s=None):
    time_s = np.arange(len(values)) / RATE_HZ if time_s is None else time_s
    return make_stream("gyro", time_s, np.stack([values] * 3, axis=1))


def test_rest_is_the_longest_stretch_without_a_gap():
    time_s = np.arange(3000) / RATE_HZ
    kept = (time_s < 8.0) | (time_s > 8.5)
    part = resting_part("gyro", stream(white(0, 3000)[kept], time_s[kept]))
    assert len(part.values) == pytest.approx(2150, abs=2)
    assert part.rate_hz == pytest.approx(RATE_HZ)
    assert "longest stretch" in part.warnings[0]


@pytest.mark.parametrize("motion", ["touched", "turned"])
def test_a_robot_that_moved_is_not_at_rest(motion):
    values = white(0, 5000)
    if motion == "touched":
        values[2000:2300] += 0.2 * np.sin(np.arange(300))
    else:
        values[2500:] += 0.05
    with pytest.raises(ConfigError, match="'gyro' is not of a robot at rest"):
        rest_of({"gyro": stream(values)})


def test_what_moves_at_an_end_is_left_out_of_every_stream():
    values = white(0, 5000)
    values[4500:] += np.linspace(0.0, 1.0, 500)
    start_s, end_s = rest_of({"gyro": stream(values), "accelerometer": stream(white(1, 5000))})
    assert start_s == 0.0
    assert 42.0 <= end_s <= 45.0


def test_a_bias_that_wanders_slowly_is_still_rest():
    steps = np.random.default_rng(5).normal(0.0, 1e-4 / np.sqrt(RATE_HZ), 30_000)
    values = np.cumsum(steps) + white(6, 30_000)
    assert rest_of({"gyro": stream(values)}) == (0.0, pytest.approx(299.99))


def test_too_few_rows_are_refused():
    with pytest.raises(ConfigError, match="at least 512"):
        resting_part("gyro", stream(white(0, 300)))
