"""How closely the published figure-eight is flown: three seeds of ``train track``, judged by ``eval --trajectory``."""

import tempfile
from collections.abc import Iterable
from pathlib import Path

from tests.bench.verb import run_verb

PERIODS = ("15", "10", "5.5", "3.5")
"""Seconds per lap of 2 x 1 m (arXiv 2311.13081: 15, 5.5 and 3.5)."""
FLIGHTS = 100


def measure(repeats: int = 1, seeds: Iterable[int] = range(3), flights: int = FLIGHTS) -> dict[str, object]:
    """Train and judge every seed.

    Args:
        repeats: trainings per seed; times are the best of them.
        seeds: of the runs.
        flights: judged per seed, period and table.

    Returns:
        By period, the worst of the seeds: ``figure8.rmse_m`` (nominal airframe with the task's sensors, noise and
        delays), ``figure8.randomized_rmse_m`` (airframes, wind and disturbances too), lost flights, peak speed and
        acceleration, change of commands; ``figure8.train_cpu_s`` and ``figure8.seeds``.
    """
    records = [_train_and_judge(seed, flights, repeats) for seed in seeds]

    def worst(table: str, key: str) -> dict[str, float]:
        return {period: max(record[period][table][key] for record in records) for period in PERIODS}

    return {
        "figure8.rmse_m": worst("nominal", "rmse_m"),
        "figure8.randomized_rmse_m": worst("randomized", "rmse_m"),
        "figure8.lost": worst("nominal", "lost"),
        "figure8.randomized_lost": worst("randomized", "lost"),
        "figure8.peak_speed_m_s": worst("nominal", "peak_speed_m_s"),
        "figure8.peak_acceleration_m_s2": worst("nominal", "peak_acceleration_m_s2"),
        "figure8.command_change_rms": worst("nominal", "command_change_rms"),
        "figure8.flights_per_seed": flights,
        "figure8.train_cpu_s": max(record["train_cpu_s"] for record in records),
        "figure8.seeds": records,
    }


def _train_and_judge(seed: int, flights: int, repeats: int) -> dict:
    """Train one seed, judge it at every period; return its figures by period, and its time."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        arguments = ("train", "track", "--seed", str(seed), "--config.judge-episodes", "0", "--out")
        trainings = [run_verb(out / "train.json", *arguments, str(out / f"run{i}")) for i in range(repeats)]
        record: dict = {"seed": seed, "train_cpu_s": min(training["train.cpu_s"] for training in trainings)}
        for period in PERIODS:
            judged = run_verb(
                out / "eval.json", "eval", str(out / "run0" / "bundle"), "--trajectory", f"figure8:period={period}",
                "--episodes", str(flights),
            )  # fmt: skip
            record[period] = {table: judged[f"eval.{table}"] for table in ("nominal", "randomized")}
    return record
