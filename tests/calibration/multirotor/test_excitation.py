"""The designed flight: within its limits, its channels apart, and at rest when it begins."""

from __future__ import annotations

import numpy as np
import pytest

from calibration.multirotor import waveforms
from calibration.multirotor.excitation import KINDS, PERIOD_S, Excitation, into_range
from sim.errors import ConfigError


def test_channels_have_frequencies_of_their_own():
    flight = Excitation(60.0, step=0.0)
    channels = flight.motors[500:] @ np.linalg.inv(
        np.array([[1, 1, 1, 1], [-1, -1, 1, 1], [-1, 1, 1, -1], [-1, 1, -1, 1.0]])
    )
    correlation = np.corrcoef(channels.T) - np.eye(4)
    assert np.abs(correlation).max() < 0.05
    assert channels.std(axis=0) == pytest.approx([flight.thrust, flight.roll, flight.pitch, flight.yaw], rel=0.05)


def test_velocities_are_the_derivatives_of_the_set_points():
    flight = Excitation(20.0)
    time_s = np.arange(0.0, 20.0, 1e-3)
    reference = flight.reference(time_s)
    assert np.gradient(reference.position_w, 1e-3, axis=0)[1:-1] == pytest.approx(reference.velocity_w[1:-1], abs=1e-3)
    assert np.gradient(reference.yaw_rad, 1e-3)[1:-1] == pytest.approx(reference.yaw_rate[1:-1], abs=1e-3)
    assert not reference.position_w[0].any()
    assert not reference.velocity_w[0].any()


@pytest.mark.parametrize("kind", KINDS)
def test_it_begins_quietly(kind):
    flight = Excitation(10.0, parts=((kind, 1.0),))
    assert flight.motors.any() == (kind != "hover")
    assert flight.motors.shape == (1000, 4)
    assert not flight.motors[: round(flight.quiet_s / PERIOD_S)].any()


def test_parts_come_one_after_the_other():
    flight = Excitation(20.0, parts=(("hover", 1.0), ("throws", 3.0)))
    thrust = flight.motors.mean(axis=1)
    assert not flight.motors[:500].any()
    assert thrust.max() == pytest.approx(flight.throw)
    assert thrust.min() == pytest.approx(-1.4 * flight.throw)


def test_pushes_bring_speed_and_place_back():
    time_s = np.arange(0.0, 40.0, 1e-3)
    push = waveforms.pushes(time_s, (0.1, 0.2), 1.0, 1.0, 1.0)
    speed = np.cumsum(push) * 1e-3
    place = np.cumsum(speed) * 1e-3
    at = np.searchsorted(time_s, np.cumsum([1.4, 1.8] * 8)) - 1
    assert np.abs(speed[at]).max() < 2e-3
    assert speed.max() == pytest.approx(0.2, abs=0.01)
    # Up by the first half, down by the second, which is its mirror: the height comes back, too.
    assert np.abs(np.diff(place[at])).max() < 0.045


def test_a_chirp_sweeps_its_band():
    wave = waveforms.chirp(np.arange(0.0, 10.0, 1e-3), 0.5, 15.0, 10.0, 0.0)
    crossings = np.flatnonzero(np.diff(np.signbit(wave))) * 1e-3
    rates = 0.5 / np.diff(crossings)
    assert rates[:2].max() < 1.5
    assert 13.0 < np.median(rates[-10:]) < 15.5
    assert np.sqrt((wave**2).mean()) == pytest.approx(1.0, abs=0.1)


def test_what_is_out_of_range_gives_lift_before_turning():
    assert into_range(np.array([0.9, 0.9, 1.1, 1.1]), 0.2, 1.0) == pytest.approx([0.8, 0.8, 1.0, 1.0])
    assert into_range(np.array([0.1, 0.3, 0.1, 0.3]), 0.2, 1.0) == pytest.approx([0.2, 0.4, 0.2, 0.4])
    inside = np.array([[0.2, 0.5, 1.0, 0.7]])
    assert np.array_equal(into_range(inside, 0.2, 1.0), inside)
    assert into_range(np.array([-5.0, 5.0, 0.5, 0.5]), 0.2, 1.0)[:2].tolist() == [0.2, 1.0]


@pytest.mark.parametrize(("wrong", "said"), [
    ({"parts": (("somersault", 1.0),)}, "choose from multisine, chirp"), ({"parts": (("hover", 0.0),)}, "'hover': 0"),
    ({"duration_s": 1.0}, "choose 5 to 600"), ({"roll": 0.9}, "'roll' is 0.9"), ({"highest_hz": 80.0}, "at most 40 Hz"),
])  # fmt: skip
def test_what_cannot_be_flown_is_refused(wrong, said):
    with pytest.raises(ConfigError, match=said):
        Excitation(**wrong)
