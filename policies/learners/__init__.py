"""Learners: one file per algorithm, readable top to bottom, with the parts they are made of beside them."""

from pathlib import Path

from sim.flight.compilation_cache import use_cache_for

use_cache_for(Path(__file__).parent)
