"""Every command in the documentation runs, page by page, as a reader would type it.

Blocks fenced as ``sh`` run in order in an empty folder; blocks fenced as ``console`` are for the
eye (real radios, make targets that this very suite is part of).
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
RUNNABLE = [page for page in PAGES if re.search(r"^```sh$", page.read_text(), re.MULTILINE)]
LINK = re.compile(r"\]\(([^)#:]+?)(?:#[^)]*)?\)")


def blocks(page):
    return re.findall(r"^```sh\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)


LONG = {
    "adaptation.md",
    "flight-calibration.md",
    "ros2.md",
    "humanoid.md",
    "joint-calibration.md",
    "first-flight.md",
    "motion-capture.md",
    "offboard.md",
    "swarm.md",
    "touch-arm.md",
    "virtual-robots.md",
}
"""Pages whose flights take more than a quarter of a minute on the clock; the README's is always flown."""


@pytest.mark.parametrize(
    "page",
    [pytest.param(page, marks=[pytest.mark.slow] if page.name in LONG else []) for page in RUNNABLE],
    ids=lambda page: page.name,
)
def test_commands_on_the_page_run(page, tmp_path):
    script = "set -e\ntrap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n" + "\n".join(blocks(page))
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    command = ["bash", "-c", script]
    result = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=280)
    assert result.returncode == 0, f"{result.stdout[-3000:]}\n{result.stderr[-3000:]}"


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CONTRIBUTING.md"], ids=lambda page: page.name)
def test_links_on_the_page_lead_somewhere(page):
    for target in LINK.findall(page.read_text()):
        assert (page.parent / target).exists(), f"{page.name}: {target}"


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CONTRIBUTING.md"], ids=lambda page: page.name)
def test_files_named_on_the_page_exist(page):
    for name in re.findall(
        r"`((?:sim|policies|firmware_export|hardware|calibration|tests|docs)/[\w./]+)`", page.read_text()
    ):
        assert (ROOT / name).exists(), f"{page.name} names {name}"
