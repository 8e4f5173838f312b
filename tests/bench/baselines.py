"""How well classical controllers follow the published figure-eights, on the plant that learned policies meet."""

import tempfile
from pathlib import Path

from tests.bench.verb import run_verb

CONTROLLERS = ("pid", "mellinger", "lee", "indi")


def measure(repeats: int = 3, flights: int = 50) -> dict[str, object]:
    """Fly every controller with published and with tuned gains.

    Args:
        repeats: not used: the flights repeat exactly.
        flights: of each controller along each figure-eight.

    Returns:
        ``figure8.baselines_rmse_m`` (tuned) and ``figure8.baselines_published_rmse_m``: by controller and period, m;
        ``figure8.baselines_lost`` and ``figure8.baselines_published_lost``: flights lost, of ``figure8.flights``.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        options = ("--controllers", *CONTROLLERS, "--flights", str(flights), "--out", str(out))
        rows = run_verb(out / "result.json", "compare", *options)["compare.figures"]
    return {
        "figure8.baselines_rmse_m": _by_period(rows, "tuned", "rmse_m"),
        "figure8.baselines_published_rmse_m": _by_period(rows, "published", "rmse_m"),
        "figure8.baselines_lost": _by_period(rows, "tuned", "lost"),
        "figure8.baselines_published_lost": _by_period(rows, "published", "lost"),
        "figure8.flights": flights,
    }


def _by_period(rows: list[dict], gains: str, figure: str) -> dict[str, dict[str, float]]:
    """One figure by controller and period, e.g. ``{"lee": {"5.5": 0.02}}``."""
    result: dict[str, dict[str, float]] = {}
    for row in rows:
        if row["gains"] == gains:
            result.setdefault(row["controller"].lower(), {})[row["trajectory"].rpartition("=")[2]] = row[figure]
    return result
