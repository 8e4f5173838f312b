"""What the zoo's walkers reach, judged anew over 200 other episodes: falls, errors of velocity, recovery from pushes.

Nothing is trained here. A bundle that the zoo does not have leaves its figures out.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console

from policies.bundle import Bundle, load_bundle
from policies.evaluate_legged import evaluate_legged
from policies.legged_evaluation import judge
from policies.runtime import OnnxPolicy
from sim.envs.legged import load_legged_task
from sim.legged.spec import EPISODE_S, VelocityCommand
from tests.bench.held_out import EPISODES, SEED
from tests.bench.zoo import ZOO

_ERRORS = {"velocity_error": "velocity_error_m_s", "yaw_rate_error": "yaw_rate_error_rad_s", "falls": "falls"}
FIGURES = {
    "velocity_go1": {f"quadruped.{name}": key for name, key in _ERRORS.items()},
    "stand_g1": {"humanoid.push_recovery": "success_rate"},
    "walk_g1": {f"humanoid.walk_{name}": key for name, key in _ERRORS.items()},
}
"""By bundle: the figures, and what ``eval`` calls them."""
SHARES = {"velocity_go1": "quadruped.share", "walk_g1": "humanoid.walk_share"}
"""How fast it goes over how fast it is asked to, by direction."""
AHEAD = {"walk_g1": {"humanoid.walk_ahead_falls": "falls", "humanoid.walk_ahead_error": "velocity_error_m_s"}}
"""Likewise, of walking straight on."""
AHEAD_M_S = 0.5


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
            if name in SHARES:
                figures |= {f"{SHARES[name]}_{way}": share for way, share in found["eval.share_followed"].items()}
    for name, shown in AHEAD.items():
        if (root / name / "bundle.json").exists():
            straight_on = walk_ahead(load_bundle(root / name), episodes)
            figures |= {figure: straight_on[key] for figure, key in shown.items()}
    return figures


def walk_ahead(bundle: Bundle, episodes: int) -> dict[str, Any]:
    """Return what a policy reaches that is to walk at ``AHEAD_M_S`` straight on for whole episodes."""
    task = load_legged_task(bundle.info.task, bundle.info.robot.name)
    still = (0.0, 0.0)
    ahead = VelocityCommand((AHEAD_M_S, AHEAD_M_S), still, still, EPISODE_S, 0.0, "straight on")
    return judge(OnnxPolicy(bundle), replace(task, spec=replace(task.spec, command=ahead)), episodes, SEED).summary()
