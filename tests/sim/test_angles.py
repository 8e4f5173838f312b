"""Angles without full turns: of the same direction, in [-pi, pi), as numbers, arrays and in kernels."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.angles import wrapped
from sim.flight.crazyflie_pid import wrap


@given(st.floats(-1e3, 1e3))
def test_it_is_the_same_direction_in_the_half_open_half_turns(angle):
    found = wrapped(angle)
    assert -math.pi <= found <= math.pi  # (pi itself where a rounding below -pi leads to it)
    assert math.hypot(math.cos(found) - math.cos(angle), math.sin(found) - math.sin(angle)) < 1e-9


@pytest.mark.parametrize("angle", [-7.0, -math.pi, 0.5, math.pi, 40.0])
def test_kernels_wrap_alike(angle):
    assert wrap(angle) == wrapped(angle)


def test_every_angle_of_an_array_is_wrapped():
    assert wrapped(np.array([math.pi, -math.pi, 3.5 * math.pi, 0.25])).tolist() == [
        -math.pi,
        -math.pi,
        -0.5 * math.pi,
        0.25,
    ]
