"""How surely a thrown robot is caught: five seeds of ``train recover``, 2000 episodes each in MuJoCo.

Episodes begin at any attitude, upside down included, at up to 3 m/s and 10 rad/s; a success is upright and slow
from 2 s on and back at its set-point in the end (``sim/tasks/recover.py``). There is no floor.
"""

import tempfile
from collections.abc import Iterable
from pathlib import Path

from tests.bench.verb import run_verb

EPISODES = 2000


def measure(repeats: int = 1, seeds: Iterable[int] = range(5), episodes: int = EPISODES) -> dict[str, object]:
    """Train and judge every seed.

    Args:
        repeats: ignored; training is the same every time.
        seeds: of the runs.
        episodes: judged per seed, with disturbances.

    Returns:
        ``recovery.success_rate`` over all seeds together, the worst seed's, and medians (the worst seed's, too).
    """
    records = [_train_and_judge(seed, episodes) for seed in seeds]
    return {
        "recovery.seeds": records,
        "recovery.episodes": episodes,
        "recovery.success_rate": sum(record["success_rate"] for record in records) / len(records),
        "recovery.success_rate_min": min(record["success_rate"] for record in records),
        "recovery.recovered_s": max(record["median_recovered_s"] for record in records),
        "recovery.height_lost_m": max(record["median_height_lost_m"] for record in records),
        "recovery.train_cpu_s": max(record["train_cpu_s"] for record in records),
    }


def _train_and_judge(seed: int, episodes: int) -> dict:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        trained = run_verb(out / "train.json", "train", "recover", "--seed", str(seed), "--out", str(out / "run"))
        judged = run_verb(
            out / "eval.json", "eval", str(out / "run" / "bundle"), "--episodes", str(episodes), "--no-other-sets"
        )
    names = ("success_rate", "median_recovered_s", "median_height_lost_m", "largest_height_lost_m")
    return {"seed": seed, "train_cpu_s": trained["train.cpu_s"], **{name: judged[f"eval.{name}"] for name in names}}
