"""Hover at motor level against the goals of learning to fly in full: five seeds, 2000 episodes each.

Trains and judges as ``tests.bench.hover`` does; every figure is that of the worst seed.
"""

from collections.abc import Iterable

from tests.bench.hover import train_and_judge

EPISODES = 2000


def measure(repeats: int = 1, seeds: Iterable[int] = range(5), episodes: int = EPISODES) -> dict[str, object]:
    """Train and judge every seed.

    Args:
        repeats: trainings per seed; times are the best of them.
        seeds: of the runs.
        episodes: judged per seed, with and without disturbances.

    Returns:
        ``hover.seeds`` (one record per seed), and the worst of each figure over the seeds.
    """
    records = [train_and_judge(seed, episodes, repeats) for seed in seeds]

    def worst(name: str) -> object:
        return max(record[name] for record in records)

    return {
        "hover.seeds": records,
        "hover.episodes": episodes,
        "hover.table_hash": records[0]["table_hash"],
        "hover.train_cpu_s": worst("train_cpu_s"),
        "hover.success_rate_min": min(record["success_rate"] for record in records),
        "hover.steady_error_m": worst("median_steady_error_m"),
        "hover.steady_error_disturbed_m": worst("median_steady_error_disturbed_m"),
        "hover.command_change_rms": worst("command_change_rms"),
        "hover.steady_command_change_rms": worst("steady_command_change_rms"),
    }
