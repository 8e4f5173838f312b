"""Classical flight controllers, the baselines that learned policies are measured against.

One law a file (``pid``, ``mellinger``, ``lee``, ``indi``), each compiled and batched, with its
published gains and their sources; ``registry`` finds them, ``Controller`` flies them on any
airframe's rotors, ``tune`` finds gains for an airframe on a stated budget of simulated steps.
"""

from pathlib import Path

from sim.flight.compilation_cache import use_cache_for

use_cache_for(Path(__file__).parent)
