"""The generators by name: each a function from settings to a plan."""

from __future__ import annotations

from collections.abc import Callable

from sim.motion.clip import Clip
from sim.motion.generators import going, staying
from sim.motion.generators.person import make_clip
from sim.motion.generators.plan import Plan, Settings
from sim.registry import require_known

GENERATORS: dict[str, Callable[[Settings], Plan]] = {
    "stand": staying.stand,
    "squat": staying.squat,
    "wave": staying.wave,
    "reach": staying.reach,
    "kick": staying.kick,
    "step": going.step,
    "walk": going.walk,
    "dance": going.dance,
}


def generate(name: str, settings: Settings | None = None) -> Clip:
    """Make a motion of a person; it loops.

    Raises:
        ConfigError: for an unknown name, with the valid ones, or settings that no legs can follow.
    """
    require_known(name, GENERATORS, "motion")
    settings = settings or Settings()
    return make_clip(GENERATORS[name](settings), settings, name, f"generator {name}, {settings}")
