"""How long the first whole flight takes, set-up apart, and the figures it ends with.

One run: its length is set by the two flights, which take place in real time.
"""

import json
import tempfile
from pathlib import Path

from hardware.virtual.process import free_uri
from tests.bench.verb import run_verb

KEPT = ("parity", "stm32f405", "flight", "faults")
"""Parts of the summary that no other benchmark measures."""


def measure(repeats: int = 1) -> dict[str, object]:
    """Run the demo once in a scratch folder.

    Args:
        repeats: ignored; one run.

    Returns:
        ``demo.wall_s`` and ``demo.STEP_wall_s``, and the summary's figures as ``demo.PART.KEY``.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "demo"
        seconds = run_verb(Path(folder) / "demo.json", "demo", "--out", str(out), "--uri", free_uri())["seconds"]
        summary = json.loads((out / "summary.json").read_text())
    return {
        "demo.wall_s": sum(seconds.values()),
        **{f"demo.{step}_wall_s": value for step, value in seconds.items()},
        **{f"demo.{part}.{key}": value for part in KEPT for key, value in summary[part].items()},
    }
