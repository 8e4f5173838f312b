"""Runs of ``sim2metal train`` for tables: made where missing, gone on with where they were killed, and read."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from sim.errors import ConfigError
from tests.bench.machine import machine
from tests.bench.verb import run_verb


def train_run(run: Path, *command: str) -> None:
    """Train a run to its end, unless it is there already.

    Args:
        run: its folder.
        command: of ``sim2metal``, without the folder.
    """
    if (run / "result.json").exists():
        return
    begun = (run / "checkpoint.npz").exists()
    run_verb(run / "trained.json", *command, "--out", str(run.resolve()), *(["--resume"] if begun else []))
    (run / "machine.json").write_text(json.dumps(machine()))


def finished_runs(folder: Path, name: str, options: Sequence[str] = ()) -> dict[int, Path]:
    """Return the runs ``NAME-SEED`` of a folder that came to their end, by seed.

    Args:
        folder: of the runs.
        name: of a row of the table.
        options: of ``sim2metal train`` that they are to have been trained by.

    Raises:
        ConfigError: if one was trained by others.
    """
    runs = {}
    for run in sorted(folder.glob(f"{name}-[0-9]*")):
        seed = run.name.removeprefix(f"{name}-")
        if seed.isdigit() and (run / "result.json").exists():
            _check_options(run, options)
            runs[int(seed)] = run
    return runs


def settings_of(options: Sequence[str]) -> dict[str, str]:
    """Return what ``--config.X VALUE``, ``--config.X`` and ``--config.no-X`` among the options set; the last counts."""
    values = {}
    for word, following in zip_longest(options, options[1:], fillvalue="--"):
        groups, _, name = word.removeprefix("--").rpartition(".")
        if not word.startswith("--config."):
            continue
        flag = "False" if name.startswith("no-") else "True"
        values[f"{groups}.{name.removeprefix('no-')}"] = flag if following.startswith("--") else following
    return values


def _check_options(run: Path, options: Sequence[str]) -> None:
    """Refuse a run whose record has other settings than the options."""
    record = json.loads((run / "config.json").read_text())
    for name, expected in settings_of(options).items():
        found = record
        for part in name.split("."):
            found = found[part.replace("-", "_")]
        if not _same(found, expected):
            raise ConfigError(
                f"{run}: trained with --{name} {found}, not {expected}: move it away, it is of another table"
            )


def _same(found: Any, expected: str) -> bool:
    """Return whether a recorded value is what was written on the command line: 0.0 is 0."""
    if isinstance(found, (int, float)) and not isinstance(found, bool):
        return float(found) == float(expected)
    return str(found) == expected


def trained_on(run: Path) -> dict[str, Any]:
    """Return the machine, date and commit of a run; ``None`` for what was not written down."""
    where = run / "machine.json"
    on = json.loads(where.read_text()) if where.exists() else {}
    return {key: on.get(key) for key in ("processor", "cores", "date", "commit")}


def with_earlier(
    row: dict[str, Any], earlier: dict[str, Any] | None, summed_up: Callable[[dict[str, Any]], dict[str, Any]]
) -> dict[str, Any]:
    """Return a row with the seeds, too, that were trained elsewhere before: runs are large, and not kept for ever.

    Args:
        row: what was trained here: ``seeds`` with a number each, by ``options`` of the command line.
        earlier: the same row as published. Its seeds count where they were trained by the same options; a row that has
            no runs here is the published one.
        summed_up: gives a row what is said of all its seeds.
    """
    if earlier is None or not earlier["seeds"]:
        return row
    if not row["seeds"]:
        return earlier
    if row["options"] != earlier.get("options"):
        return row
    seeds = {seed["seed"]: seed for seed in (*earlier["seeds"], *row["seeds"])}
    return summed_up({**row, "seeds": [seeds[number] for number in sorted(seeds)]})


def interval(values: list[float]) -> tuple[float, float]:
    """Return Student's 95 % interval of the mean over seeds; at least two values."""
    half = stats.t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / math.sqrt(len(values))
    return float(np.mean(values) - half), float(np.mean(values) + half)
