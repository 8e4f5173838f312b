"""The multirotor flight kernel: fused, batched, float32, with a hand-written adjoint.

``parameters`` holds the airframes of a batch, ``kernel.step`` advances it by one period,
``adjoint.step_adjoint`` back-propagates through that step, ``frames`` converts to and from
MuJoCo's free joint and ``model`` builds the MuJoCo model the kernel is checked against.
"""

from pathlib import Path

from sim.flight.compilation_cache import use_cache_for

use_cache_for(Path(__file__).parent)
