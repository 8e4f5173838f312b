"""Tune the gains of a classical controller for an airframe, on a stated budget of simulated steps.

CMA-ES (Hansen, "The CMA evolution strategy: a tutorial", arXiv 1604.00772; PyPI ``cmaes``) over the ranges of the
law's gains. Every candidate of a generation flies the same figure-eights on the same airframes with the same delays and
noise, others in the next; the mean of the last generation's distribution is kept, not the luckiest candidate.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import tyro
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from sim.controllers.law import Law
from sim.controllers.registry import NAMES, TUNED, load_law, tuned_path
from sim.controllers.tracking import Course, TrackingTrial
from sim.envs.other_robot import with_robot
from sim.envs.task import FlightTask, load_flight_task
from sim.errors import ConfigError
from sim.files import require_writable, write_atomic
from sim.trajectories import parse_trajectory

EXAMPLE = """sim2metal tune lee indi
sim2metal tune lee --robot racer5
sim2metal tune pid --nominal-only --steps 500000 --out my-gains"""

COURSES = {"figure8:period=15": 0.04, "figure8:period=10": 0.06, "figure8:period=5.5": 0.10, "figure8:period=3.5": 0.18}
"""What is flown, and the error that counts as one: the goals of the learned policy."""
MAX_SEED = 1000
"""Judged figures use seeds from here on."""


@dataclass
class Args:
    """Tune classical controllers for an airframe."""

    controllers: Annotated[tuple[str, ...], tyro.conf.Positional] = NAMES
    """Laws to tune: pid, mellinger, lee, indi."""
    robot: str = "crazyflie"
    """Multirotor to tune for."""
    parameter_set: str | None = None
    """Its airframe; default: the robot's default set."""
    nominal_only: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Fly the nominal airframe alone; default: drawn airframes, winds and disturbances in half of the flights."""
    steps: int = 49_152_000
    """Budget of each law, simulated control steps: no fewer than the learned tracking policy trains on."""
    population: int = 20
    """Candidates per generation."""
    seed: int = 1
    """Of the search, its delays and its noise; below 1000, where the seeds of judged figures begin."""
    out: Path = TUNED
    """Folder of <robot>/<parameter set>/<law>.json; default: where 'compare' finds them."""


def run(args: Args) -> dict[str, Any]:
    """Tune each law and write its gains.

    Raises:
        ConfigError: for an unknown law, task or parameter set, or a budget below one generation.
    """
    if not 0 <= args.seed < MAX_SEED:
        raise ConfigError(f"--seed must be from 0 to {MAX_SEED - 1}: those from {MAX_SEED} on are for judging")
    if args.population < 4:
        raise ConfigError(f"--population must be at least 4, got {args.population}")
    laws = [load_law(name) for name in args.controllers]
    robot = _task(args).ROBOT
    nominal = robot.parameters(args.parameter_set)
    paths = [tuned_path(law, robot.name, nominal.name, args.out) for law in laws]
    for path in paths:
        require_writable(path)
    console, result = Console(highlight=False), {}
    for law, path in zip(laws, paths, strict=True):
        record = tune(law, args, console)
        write_atomic(path, json.dumps(record, indent=2) + "\n")
        _print(console, law, record, path)
        result[f"tune.{law.name}"] = record
    return result


def tune(law: Law, args: Args, console: Console | None = None) -> dict[str, Any]:
    """Search the gains of one law; return them with what it took.

    Raises:
        ConfigError: for a budget below one generation.
    """
    from cmaes import CMA

    courses = [Course(parse_trajectory(text), unit) for text, unit in COURSES.items()]
    task = _task(args)
    trial = TrackingTrial(
        law, task, courses, args.population,
        parameter_set=args.parameter_set, drawn_airframes=not args.nominal_only,
    )  # fmt: skip
    generations = args.steps // trial.control_steps
    if generations < 1:
        raise ConfigError(f"--steps {args.steps} is less than one generation, {trial.control_steps} steps")
    size = len(law.gains)
    search = CMA(
        np.full(size, 0.5), 0.25, bounds=np.tile([0.0, 1.0], (size, 1)), population_size=args.population, seed=args.seed
    )
    began, costs = time.perf_counter(), []
    with Progress(console=console, transient=True, disable=console is None) as progress:
        bar = progress.add_task(f"{law.name}: {generations} generations", total=generations)
        for generation in range(generations):
            candidates = np.array([search.ask() for _ in range(args.population)])
            cost = trial(_gains(law, candidates), _seed(args.seed, generation))
            search.tell(list(zip(candidates, cost.tolist(), strict=True)))
            costs.append(float(np.median(cost)))
            progress.update(bar, advance=1, description=f"{law.name}: cost {costs[-1]:.3f}")
    best = np.clip(search.mean, 0.0, 1.0)
    return {
        "controller": law.name,
        "robot": task.ROBOT.name,
        "parameter_set": trial.parameter_set,
        "command": _command(law, args, trial.parameter_set),
        "steps": generations * trial.control_steps,
        "generations": generations,
        "population": args.population,
        "seed": args.seed,
        "courses_m": COURSES,
        "cost_first": costs[0],
        "cost_last": costs[-1],
        "gains": {gain.name: float(f"{gain.at(share):.6g}") for gain, share in zip(law.gains, best, strict=True)},
        "units": {gain.name: gain.unit for gain in law.gains},
        "wall_s": round(time.perf_counter() - began, 1),
    }


def _task(args: Args) -> FlightTask:
    """Hover by the robot's rotors: the timing, noise and delays that tracking has, too."""
    return with_robot(load_flight_task("hover"), args.robot)


def _command(law: Law, args: Args, parameter_set: str) -> str:
    """The command that finds the same gains again."""
    options = f"--robot {args.robot} --parameter-set {parameter_set}" + " --nominal-only" * args.nominal_only
    return f"sim2metal tune {law.name} {options} --steps {args.steps} --population {args.population} --seed {args.seed}"


def _gains(law: Law, shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Gains at shares of their ranges, (rows, len(law.gains))."""
    return np.array([[gain.at(share) for gain, share in zip(law.gains, row, strict=True)] for row in shares])


def _seed(seed: int, generation: int) -> int:
    """A seed of its own for every generation; judged flights use small numbers, these are spread over 32 bits."""
    return int(np.random.SeedSequence([seed, generation]).generate_state(1)[0])


def _print(console: Console, law: Law, record: dict[str, Any], path: Path) -> None:
    table = Table(title=f"{law.title}, tuned for {record['robot']} {record['parameter_set']}", title_justify="left")
    for column in ("gain", "published", "tuned", "unit"):
        table.add_column(column, justify="left" if column in ("gain", "unit") else "right")
    for gain in law.gains:
        table.add_row(gain.name, f"{gain.published:.4g}", f"{record['gains'][gain.name]:.4g}", gain.unit)
    console.print(table)
    console.print(
        f"{record['steps']:,} control steps, {record['generations']} generations, {record['wall_s']:.0f} s;"
        f" median cost {record['cost_first']:.2f} -> {record['cost_last']:.2f} (1 is the learned policy's goal): {path}"
    )
