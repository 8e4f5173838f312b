"""Machine code of ``sim.tactile``; import this package only where numba is there."""

from pathlib import Path

from sim.flight.compilation_cache import use_cache_for

use_cache_for(Path(__file__).parent)
