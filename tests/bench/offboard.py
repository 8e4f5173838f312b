"""Print how well the committed off-board bundle hovers over radios of different badness, in lock-step.

python -m tests.bench.offboard
"""

import numpy as np
from rich.console import Console
from rich.table import Table

from tests.support.offboard import Ground

RADIOS = ((0, 0), (10, 5), (25, 10), (40, 10), (40, 20), (50, 20))
"""Delay each way, ms, and lost packets each way, %."""
SEEDS = (0, 1)
SETTLE_S, STEADY_S = 4.0, 20.0


def main() -> None:
    """Fly every radio with every seed and print one row each."""
    table = Table()
    for name in ("delay, each way", "lost", "median", "largest", "still flying"):
        table.add_column(name, justify="right")
    for delay, loss in RADIOS:
        distance, flying = [], True
        for seed in SEEDS:
            ground = Ground(f"delay={delay}", f"packet-loss={loss}", seed=seed)
            ground.arm()
            ground.fly(SETTLE_S + STEADY_S)
            distance.append(ground.distance(STEADY_S))
            flying &= ground.robot.supervisor.armed
        all_of_them = 100.0 * np.concatenate(distance)
        cells = f"{delay} ms", f"{loss} %", f"{np.median(all_of_them):.1f} cm", f"{all_of_them.max():.1f} cm"
        table.add_row(*cells, "yes" if flying else "no")
    Console().print(table)


if __name__ == "__main__":
    main()
