"""Whole bodies on legs: their physics in batches, and terms of observation, reward and randomization on arrays."""

from pathlib import Path

from sim.flight.compilation_cache import use_cache_for

use_cache_for(Path(__file__).parent)
