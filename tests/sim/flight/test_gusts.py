"""Dryden gusts: stationary variance whatever the step, time constants, headings, calm."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import welch

from sim.flight.gusts import Gusts, intensities_and_lengths


def blow(gust_speed, mean_w, step_s, steps, num_envs=2000, seed=0):
    """Wind at every step, ``(steps, num_envs, 3)``."""
    rng = np.random.default_rng(seed)
    gusts = Gusts(num_envs)
    mean_w = np.broadcast_to(mean_w, (num_envs, 3))
    gusts.restart(np.arange(num_envs), np.full(num_envs, gust_speed), mean_w, step_s, rng)
    wind = []
    for _ in range(steps):
        gusts.advance(rng)
        wind.append(gusts.wind_w.copy())
    return np.stack(wind)


def test_intensities_of_the_specification():
    """MIL-F-8785C at 100 ft, 15 knots: sigma_w = 1.5 kt, sigma_u = sigma_w / 0.2593^0.4; lengths 100 and 505 ft."""
    sigma, length = intensities_and_lengths([7.717], 100.0 * 0.3048)
    assert sigma[0, 2] == pytest.approx(0.7717)
    assert sigma[0, :2] == pytest.approx(0.7717 / 0.2593**0.4, rel=1e-3)
    assert length[0] / 0.3048 == pytest.approx([505.0, 505.0, 100.0], rel=2e-3)


@pytest.mark.parametrize("step_s", [0.002, 0.01, 1.0, 30.0])
def test_variance_is_stationary_at_any_step(step_s):
    wind = blow(5.0, (2.0, 0.0, 0.0), step_s, 40, num_envs=20_000)
    sigma, _ = intensities_and_lengths([5.0], 3.0)
    for moment in (wind[0], wind[-1]):
        np.testing.assert_allclose(moment.std(axis=0), sigma[0], rtol=0.03)
        np.testing.assert_allclose(moment.mean(axis=0), (2.0, 0.0, 0.0), atol=0.05)


def test_a_long_step_is_many_short_ones():
    """Correlation over one second, in one step or a hundred: exact discretisation."""
    correlation = []
    for step_s, steps in ((1.0, 2), (0.01, 101)):
        wind = blow(5.0, 0.0, step_s, steps, num_envs=20_000)
        first, last = wind[0], wind[-1]
        correlation.append((first * last).mean(axis=0) / first.var(axis=0))
    np.testing.assert_allclose(correlation[0], correlation[1], atol=0.03)


def test_spectrum_is_drydens():
    """Across the wind: sigma^2 (2 L/V) (1 + 3 (w L/V)^2)/(1 + (w L/V)^2)^2, two-sided per cycle."""
    step_s, speed = 0.05, 8.0
    wind = blow(speed, (speed, 0.0, 0.0), step_s, 4000, num_envs=60)
    sigma, length = (x[0] for x in intensities_and_lengths([speed], 3.0))
    frequency, density = welch(wind - wind.mean(axis=0), 1.0 / step_s, nperseg=1024, axis=0, detrend=False)
    density = density.mean(axis=1)
    chosen = (frequency > 0.08) & (frequency < 2.0)
    x = (2.0 * np.pi * frequency[chosen, None] * length / speed) ** 2
    expected = sigma**2 * 2.0 * (length / speed) * np.array([2.0, 1.0, 1.0]) / (1.0 + x)
    expected[:, 1:] *= ((1.0 + 3.0 * x) / (1.0 + x))[:, 1:]
    np.testing.assert_allclose(np.log(density[chosen] / expected).mean(axis=0), 0.0, atol=0.1)


def test_gusts_turn_with_the_mean_wind():
    along_x = blow(5.0, (3.0, 0.0, 0.2), 1.0, 3, num_envs=50)
    along_y = blow(5.0, (0.0, 3.0, 0.2), 1.0, 3, num_envs=50)
    np.testing.assert_allclose(along_y[..., 1], along_x[..., 0], atol=1e-6)
    np.testing.assert_allclose(along_y[..., 0], -along_x[..., 1], atol=1e-6)
    np.testing.assert_array_equal(along_y[..., 2], along_x[..., 2])


def test_calm_air_stays_calm_and_draws_nothing():
    rng = np.random.default_rng(0)
    gusts = Gusts(3)
    gusts.restart(np.arange(3), np.zeros(3), np.zeros((3, 3)), 0.01, rng)
    before = rng.bit_generator.state
    gusts.advance(rng)
    assert not gusts.blowing
    assert not gusts.wind_w.any()
    assert rng.bit_generator.state == before
