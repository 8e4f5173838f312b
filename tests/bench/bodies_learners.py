"""Which learner does more with the same steps: ``learners``, by task and learner, as they were trained and judged.

Long trainings are not repeated: this reads what ``python -m tests.bench.learner_table runs/learner-table`` has trained.
Seeds that are not in that folder are taken over from the published figures, if they were trained by the same options.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.bench.learner_table import Args, read_row, summed_up
from tests.bench.trained_runs import with_earlier

ROOT = Path(__file__).parents[2]
RUNS = ROOT / "runs" / "learner-table"
PUBLISHED = ROOT / "docs" / "figures" / "bodies.json"


def measure(repeats: int = 1, runs: Path = RUNS, published: Path = PUBLISHED) -> dict[str, Any]:
    """Return the rows; those that were never trained have no seeds.

    Args:
        repeats: ignored; nothing here is timed.
        runs: folder of the table.
        published: figures that have the seeds that are not there.
    """
    args = Args(runs)
    before = {(row["task"], row["learner"]): row for row in json.loads(published.read_text()).get("learners", [])}
    rows = [read_row(args, task, learner) for task in args.tasks for learner in args.learners]
    return {"learners": [with_earlier(row, before.get((row["task"], row["learner"])), summed_up) for row in rows]}
