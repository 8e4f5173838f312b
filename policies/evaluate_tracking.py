"""Judge a bundle on a trajectory: the nominal airframe and the randomised ones, as a table."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

from policies.policy import Policy
from policies.tracking import Tracking, judge_tracking
from sim.envs.task import FlightTask
from sim.trajectories import parse_trajectory


def evaluate_tracking(
    policy: Policy,
    task: FlightTask,
    trajectory: str,
    flights: int,
    seed: int,
    parameter_set: str,
    threads: int | None,
    console: Console,
) -> dict[str, Any]:
    """Print position errors on a trajectory and return them.

    Args:
        policy: of the bundle.
        task: that it was trained for.
        trajectory: as ``sim.trajectories.parse_trajectory`` reads it.
        flights: draws of delays and noise, and of airframes where they are randomised.
        seed: of everything random.
        parameter_set: nominal airframe.
        threads: MuJoCo's thread pool.
        console: to print to.

    Returns:
        ``eval.trajectory``, ``eval.nominal`` and ``eval.randomized`` (``Tracking.summary``), ``eval.rmse_m`` (nominal).

    Raises:
        ConfigError: for a trajectory that is none, or no flights.
    """
    curve = parse_trajectory(trajectory)
    options = {"flights": flights, "seed": seed, "parameter_set": parameter_set, "threads": threads}
    with console.status(f"{flights} flights along {trajectory}, {parameter_set}"):
        nominal = judge_tracking(policy, task, curve, **options)
        randomized = judge_tracking(policy, task, curve, randomized=True, **options)
    _print(console, trajectory, curve.settle_s, {"nominal": nominal, "randomized": randomized})
    return {
        "eval.trajectory": trajectory,
        "eval.rmse_m": nominal.summary()["rmse_m"],
        "eval.nominal": nominal.summary(),
        "eval.randomized": randomized.summary(),
    }


def _print(console: Console, trajectory: str, settle_s: float, judged: dict[str, Tracking]) -> None:
    table = Table(title=f"{trajectory}, from {settle_s:g} s on", title_justify="left")
    for column in ("airframe", "RMSE", "median", "worst", "lost", "speed", "acc.", "change"):
        table.add_column(column, justify="left" if column == "airframe" else "right", no_wrap=True)
    for name, tracking in judged.items():
        summary = tracking.summary()
        table.add_row(
            name,
            *(f"{100 * summary[key]:.1f} cm" for key in ("rmse_m", "median_rmse_m", "worst_rmse_m")),
            f"{summary['lost']}/{summary['flights']}",
            f"{summary['peak_speed_m_s']:.2f} m/s",
            f"{summary['peak_acceleration_m_s2'] / 9.81:.2f} g",
            f"{tracking.command_change_rms:.3f}",
        )
    console.print(table)
    console.print(
        "RMSE: root mean square of the 3D distance to the reference, over all flights; median and worst: of single"
        " flights. Speed and acceleration: peaks. Nominal: still air, with the task's sensors, noise and delays;"
        " randomized: airframes, wind and disturbances too. Change: RMS of the command's change per step, fraction"
        " of its range."
    )
