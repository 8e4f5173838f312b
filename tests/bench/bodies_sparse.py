"""How near characters come to the head and hands of a person, and how fast: ``sparse.error_m``, ``sparse.rate_hz``.

The zoo's bundles follow motions that nothing was learnt from or chosen by, with the trackers' noise. The figures
without a character's name are the worst of the characters.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import policies
from policies.sparse.bundle import SparseBundle
from policies.sparse.verbs.judge import judged

ZOO = Path(policies.__file__).parent / "zoo"
MOTIONS, SEED, DURATION_S = 16, 9_000, 6.0
"""Other motions than those that judged a bundle in training."""


def measure(
    repeats: int = 1, motions: int = MOTIONS, duration_s: float = DURATION_S, zoo: Path = ZOO
) -> dict[str, Any]:
    """Return the figures of every bundle.

    Args:
        repeats: ignored: the rate is of all frames of all motions.
        motions: to follow, two of each kind by default.
        duration_s: of each.
        zoo: folder of the bundles.
    """
    figures: dict[str, Any] = {}
    rows = {}
    for path in sorted(zoo.glob("*/sparse.json")):
        bundle = SparseBundle(path.parent)
        rows[bundle.robot] = found = judged(bundle, motions, SEED, duration_s)
        figures |= {f"sparse.{bundle.robot}.{name}": value for name, value in found.items()}
    if rows:
        figures["sparse.error_m"] = max(found["error_m"] for found in rows.values())
        figures["sparse.error_p95_m"] = max(found["error_p95_m"] for found in rows.values())
        figures["sparse.rate_hz"] = min(found["rate_hz"] for found in rows.values())
    return figures
