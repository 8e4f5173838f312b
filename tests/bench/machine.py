"""What a figure was measured on: processor, cores, load, date and commit."""

import os
import platform
from datetime import UTC, datetime
from pathlib import Path

from policies.provenance import git_commit


def machine() -> dict[str, object]:
    """Describe this machine, JSON-able."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "load_average_1min": round(os.getloadavg()[0], 2),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": git_commit(Path(__file__).parents[2]),
    }


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or "unknown"
