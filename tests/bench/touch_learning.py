"""What policies reach that learnt to touch: ``placement`` and ``insertion`` by learner and input.

Rows are of two kinds. ``source: zoo`` are the committed bundles, judged here and now over 1024 starts. ``source: runs``
are what ``python -m tests.bench.touch_table runs/touch-table`` has trained and judged; seeds that are not in that
folder are taken over from the published figures where they were trained by the same options; a row without any run in
it stays as published. Each run says on which machine and at which commit it was made.
``success`` is the mean over seeds, ``interval`` its 95 % interval: Student's over seeds, or Wilson's over the starts of
one.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from rich.console import Console

from policies.bundle import Bundle, load_bundle
from policies.evaluate_contact import evaluate_contact
from sim.contact.spec import ContactTaskSpec
from sim.envs.contact_task import load_contact_task
from tests.bench.machine import machine
from tests.bench.touch_table import TASKS, read_table, summed_up
from tests.bench.trained_runs import with_earlier
from tests.bench.zoo import zoo_bundles

ROOT = Path(__file__).parents[2]
RUNS = ROOT / "runs" / "touch-table"
PUBLISHED = ROOT / "docs" / "figures" / "touch.json"
STARTS, SEED = 1024, 9_000_000
"""Other starts than those that chose among candidates, and than those that judged them in training."""


def measure(repeats: int = 1, starts: int = STARTS, runs: Path = RUNS, published: Path = PUBLISHED) -> dict[str, Any]:
    """Return the tables.

    Args:
        repeats: ignored; nothing here is timed more than once.
        starts: that each bundle of the zoo is judged by.
        runs: folder of trained rows.
        published: figures that have those that are not there.
    """
    before = json.loads(published.read_text())
    return {
        name: [*zoo_rows(task, starts), *trained_rows(runs, name, before.get(name, []))]
        for name, task in TASKS.items()
    }  # fmt: skip


def trained_rows(runs: Path, name: str, before: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what was trained, here or before; rows that never were have no ``success``."""
    earlier = {row["row"]: row for row in before if row["source"] == "runs"}
    rows = [{"source": "runs", **row} for row in read_table(runs, name)]
    return [with_earlier(row, earlier.get(row["row"]), summed_up) for row in rows]


def zoo_rows(task: str, starts: int) -> list[dict[str, Any]]:
    """Judge every bundle of the zoo that was made for a task."""
    bundles = [load_bundle(path) for path in zoo_bundles()]
    return [judge_bundle(bundle, starts) for bundle in bundles if bundle.info.task == task]


def judge_bundle(bundle: Bundle, starts: int) -> dict[str, Any]:
    """Return a row of a bundle, judged now."""
    task, info = load_contact_task(bundle.info.task), bundle.info
    assert isinstance(task.TASK, ContactTaskSpec)
    begun = time.process_time()
    found = evaluate_contact(bundle, task, starts, SEED, 1, Console(quiet=True))
    return {
        "source": "zoo",
        "bundle": bundle.path.name,
        "learner": info.evaluation.get("learner"),
        "input": found["eval.input"],
        "success": found["eval.success_rate"],
        "interval": found["eval.success_interval"],
        "starts": starts,
        "seeds": [info.provenance["seed"]],
        "train_cpu_s": info.evaluation.get("train_cpu_s"),
        "judge_cpu_s": time.process_time() - begun,
        "machine": machine(),
    }
