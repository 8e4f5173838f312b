"""Identification of multirotors: from a flight's inertial unit, motor commands and positions to a model."""

from pathlib import Path

from sim.flight.compilation_cache import use_cache_for

use_cache_for(Path(__file__).parent)
