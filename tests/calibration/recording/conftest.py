"""Recordings of known flights, made once."""

import pytest

from tests.support.recorded_flights import fly


@pytest.fixture(scope="session")
def flights():
    """Six flights of 20 s, each of another airframe."""
    return fly(6, 20.0)


@pytest.fixture(scope="session")
def flight(flights):
    return flights[0]
