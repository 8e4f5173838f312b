"""The designed flight: within its limits, its channels apart, and at rest when it begins."""

from __future__ import annotations

import numpy as np
import pytest

from calibration.multirotor.excitation import PERIOD_S, Excitation
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


def test_it_begins_quietly():
    flight = Excitation(10.0)
    assert flight.motors.shape == (1000, 4)
    assert not flight.motors[: round(flight.quiet_s / PERIOD_S)].any()


@pytest.mark.parametrize(("wrong", "said"), [
    ({"duration_s": 1.0}, "choose 5 to 600"), ({"roll": 0.9}, "'roll' is 0.9"), ({"highest_hz": 80.0}, "at most 40 Hz"),
])  # fmt: skip
def test_what_cannot_be_flown_is_refused(wrong, said):
    with pytest.raises(ConfigError, match=said):
        Excitation(**wrong)
