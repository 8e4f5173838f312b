"""How fast and how well hovering is learned: several seeds, each judged in MuJoCo over 1000 episodes.

Every seed trains once from random weights through the ``train`` verb in a fresh process (so that
nothing is warm but the compilation cache) and its bundle is judged by ``sim2metal eval`` with its
own seed. Start-up and compilation are reported apart.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parents[2]
EPISODES = 1000


def measure(repeats: int = 3, seeds: Iterable[int] = range(5), episodes: int = EPISODES) -> dict[str, object]:
    """Train and judge every seed.

    Args:
        repeats: unused; every seed is one independent training and all are reported.
        seeds: of the runs.
        episodes: judged per seed, with and without disturbances.

    Returns:
        ``hover.seeds`` (one record per seed), and the worst figures over all seeds.
    """
    del repeats
    records = [train_and_judge(seed, episodes) for seed in seeds]
    return {
        "hover.seeds": records,
        "hover.worst_train_wall_s": max(record["train_wall_s"] for record in records),
        "hover.worst_success_rate": min(record["success_rate"] for record in records),
        "hover.episodes": episodes,
        "hover.table_hash": records[0]["table_hash"] if records else None,
    }


def train_and_judge(seed: int, episodes: int) -> dict[str, float]:
    """Train one seed and return its figures, success and box share with disturbances."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        trained = _verb(out / "train.json", "train", "hover", "--seed", str(seed), "--out", str(out / "run"))
        judged = _verb(
            out / "eval.json", "eval", str(out / "run" / "bundle"), "--episodes", str(episodes), "--no-other-sets"
        )
    return {
        "seed": seed,
        "train_wall_s": trained["train.wall_s"],
        "train_cpu_s": trained["train.cpu_s"],
        "jit_s": trained["train.jit_s"],
        "success_rate": judged["eval.success_rate"],
        "median_steady_error_m": judged["eval.median_steady_error_m"],
        "median_steady_error_disturbed_m": judged["eval.median_steady_error_disturbed_m"],
        "box_share": judged["eval.box_share"],
        "success_rate_undisturbed": judged["eval.success_rate_undisturbed"],
        "table_hash": judged["eval.table_hash"],
    }


def _verb(result: Path, *arguments: str) -> dict:
    """Run a verb in a fresh process and return what it wrote with ``--json``."""
    command = [sys.executable, str(ROOT / "sim2metal.py"), *arguments, "--json", str(result)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments)}: {done.stderr.strip()}")
    return json.loads(result.read_text())
