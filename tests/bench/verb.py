"""Runs a ``sim2metal`` verb as a user would: in a process of its own."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def run_verb(result: Path, *arguments: str) -> dict[str, Any]:
    """Run a verb in a fresh process and return what it wrote with ``--json``.

    Raises:
        RuntimeError: the verb failed; holds its last line.
    """
    command = [sys.executable, str(ROOT / "sim2metal.py"), *arguments, "--json", str(result)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments)}: exit code {done.returncode}: {done.stderr.strip()}")
    return json.loads(result.read_text())
