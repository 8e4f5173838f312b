"""What the zoo's walkers reach, judged anew over 200 other episodes: falls, errors of velocity, recovery from pushes.

Nothing is trained here. A bundle that the zoo does not have leaves its figures out.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console

from policies.bundle import load_bundle
from policies.evaluate_legged import evaluate_legged
from tests.bench.zoo import ZOO

EPISODES, SEED = 200, 9_000_000
"""Other episodes than those that chose the weights, and than those that judged them in training."""
_ERRORS = {"velocity_error": "velocity_error_m_s", "yaw_rate_error": "yaw_rate_error_rad_s", "falls": "falls"}
FIGURES = {
    "velocity_go1": {f"quadruped.{name}": key for name, key in _ERRORS.items()},
    "stand_g1": {"humanoid.push_recovery": "success_rate"},
}
"""By bundle: the figures, and what ``eval`` calls them."""


def measure(repeats: int = 1, episodes: int = EPISODES, root: Path = ZOO) -> dict[str, Any]:
    """Return the figures of the bundles that are there.

    Args:
        repeats: ignored; nothing here is timed.
        episodes: that each is judged by.
        root: folder of the bundles.
    """
    figures: dict[str, Any] = {}
    for name, shown in FIGURES.items():
        if (root / name / "bundle.json").exists():
            found = evaluate_legged(load_bundle(root / name), episodes, SEED, None, Console(quiet=True))
            figures |= {figure: found[f"eval.{key}"] for figure, key in shown.items()}
    return figures
