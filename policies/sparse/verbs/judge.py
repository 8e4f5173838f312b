"""``sim2metal sparse judge``: how near a bundle comes on motions that were held out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro


@dataclass
class Judge:
    """Judge a bundle on held-out motions, other ones than its training's."""

    bundle: tyro.conf.Positional[Path]
    """Folder of the bundle."""
    motions: int = 16
    """How many: of each kind in turn, first those that are never learnt from."""
    seed: int = 1000
    """Of motions and the trackers' noise; keep it apart from those used in training."""
    duration: float = 6.0
    """Of each motion, s."""

    def run(self) -> dict[str, Any]:
        """Make the motions, follow them, print and return the figures.

        Raises:
            Sim2MetalError: one line that says what to do.
        """
        from rich.console import Console

        from policies.sparse.bundle import SparseBundle
        from policies.sparse.verbs.figures import lines_of

        figures = judged(SparseBundle(self.bundle), self.motions, self.seed, self.duration)
        console = Console(highlight=False)
        for line in lines_of(figures):
            console.print(line, soft_wrap=True)
        return {f"sparse.{name}": value for name, value in figures.items()}


def judged(bundle: Any, motions: int, seed: int, duration_s: float) -> dict[str, Any]:
    """Return the figures of a bundle on motions made for it alone.

    Raises:
        ConfigError: for no motions, or a seed or duration that cannot be.
    """
    import tempfile

    from policies.option_checks import require_at_least
    from policies.sparse.data import load_pairs
    from policies.sparse.judge import judge
    from sim.motion.size import stature_for
    from sim.motion.sparse.variations import held_out

    require_at_least(1, {"motions": motions, "duration": duration_s})
    require_at_least(0, {"seed": seed})
    config = bundle.info.provenance["config"]
    with tempfile.TemporaryDirectory() as folder:
        variations = held_out(motions, seed, stature_for(bundle.robot), duration_s)
        pairs = load_pairs(variations, bundle.robot, Path(folder))
    return judge(pairs, bundle.robot, bundle, seed, config["noise_position_m"], config["noise_turn_rad"])
