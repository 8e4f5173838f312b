"""What every training reports of itself when it is done, in its folder and to machines."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from policies.bundle import Bundle
from policies.run_log import RunLog
from policies.training_run import Clock
from sim.files import write_atomic


class Finished(Protocol):
    """A run at its last iteration."""

    clock: Clock
    log: RunLog
    evaluation: Any
    """What judging the best weights gave, as data; None where nothing judged."""

    @property
    def env_steps(self) -> int:
        """Steps of all environments together."""
        ...

    @property
    def best_score(self) -> Mapping[str, float]:
        """Of the best candidate."""
        ...


def write_result(
    folder: Path, run: Finished, iterations: int, seed: int, bundle: Bundle, more: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Write ``result.json`` into the run's folder.

    Args:
        folder: of the run.
        run: the training.
        iterations: that it went.
        seed: of it.
        bundle: that came of it.
        more: figures of this kind of training alone.

    Returns:
        The figures, under ``train.`` keys.
    """
    result = {
        "train.wall_s": run.clock.wall_s,
        "train.cpu_s": run.clock.cpu_s,
        **(more or {}),
        "train.env_steps": run.env_steps,
        "train.iterations": iterations,
        "train.seed": seed,
        "train.best": run.best_score,
        "train.evaluation": run.evaluation,
        "train.bundle": str(bundle.path),
        "train.bundle_id": bundle.id,
        "train.curve": str(run.log.path),
    }
    write_atomic(folder / "result.json", json.dumps(result, indent=2) + "\n")
    return result
