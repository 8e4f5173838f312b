"""How fast and how well hovering is learned: several seeds, each judged in MuJoCo over 1000 episodes.

Every seed trains from random weights through the ``train`` verb, each time in a fresh process (so
that nothing is warm but the compilation cache), and its bundle is judged by ``sim2metal eval`` with
its own seed. Training is deterministic, so repeats differ in time alone; that is checked. Start-up
and compilation are reported apart.
"""

import hashlib
import tempfile
from collections.abc import Iterable
from pathlib import Path

from tests.bench.verb import run_verb

EPISODES = 1000


def measure(repeats: int = 3, seeds: Iterable[int] = range(5), episodes: int = EPISODES) -> dict[str, object]:
    """Train and judge every seed.

    Args:
        repeats: trainings per seed; times are the best of them.
        seeds: of the runs.
        episodes: judged per seed, with and without disturbances.

    Returns:
        ``hover.seeds`` (one record per seed), and the worst figures over all seeds.
    """
    records = [train_and_judge(seed, episodes, repeats) for seed in seeds]
    return {
        "hover.seeds": records,
        "hover.worst_train_wall_s": max(record["train_wall_s"] for record in records),
        "hover.worst_success_rate": min(record["success_rate"] for record in records),
        "hover.episodes": episodes,
        "hover.table_hash": records[0]["table_hash"] if records else None,
    }


def train_and_judge(seed: int, episodes: int, repeats: int = 1) -> dict[str, object]:
    """Train one seed ``repeats`` times and judge its policy; success and box share with disturbances."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        trainings = [_train(seed, out / f"run{i}") for i in range(repeats)]
        judged = run_verb(
            out / "eval.json", "eval", str(out / "run0" / "bundle"), "--episodes", str(episodes), "--no-other-sets"
        )
    if len({training["policy"] for training in trainings}) > 1:
        raise RuntimeError(f"seed {seed} trained to different policies in {repeats} runs: training must repeat exactly")
    return {
        "seed": seed,
        "train_wall_s": min(training["train.wall_s"] for training in trainings),
        "train_cpu_s": min(training["train.cpu_s"] for training in trainings),
        "start_up_s": min(training["train.jit_s"] for training in trainings),
        "success_rate": judged["eval.success_rate"],
        "median_steady_error_m": judged["eval.median_steady_error_m"],
        "median_steady_error_disturbed_m": judged["eval.median_steady_error_disturbed_m"],
        "box_share": judged["eval.box_share"],
        "success_rate_undisturbed": judged["eval.success_rate_undisturbed"],
        "command_change_rms": judged["eval.command_change_rms"],
        "steady_command_change_rms": judged["eval.steady_command_change_rms"],
        "table_hash": judged["eval.table_hash"],
    }


def _train(seed: int, run: Path) -> dict:
    """Train once; return the verb's figures and the hash of the trained graph."""
    figures = run_verb(run.with_suffix(".json"), "train", "hover", "--seed", str(seed), "--out", str(run))
    figures["policy"] = hashlib.sha256((run / "bundle" / "policy.onnx").read_bytes()).hexdigest()
    return figures
