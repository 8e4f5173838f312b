"""Compiled functions of bodies on legs."""

from pathlib import Path

from sim.flight.compilation_cache import use_cache_for

use_cache_for(Path(__file__).parent)
