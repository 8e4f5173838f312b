"""Run compilers and other tools: a missing or failing one is one clear line."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from sim.errors import ToolchainError

STRICT_C99 = (
    "-std=c99",
    "-pedantic",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-Wconversion",
    "-Wdouble-promotion",
    "-Wshadow",
    "-Wstrict-prototypes",
)
"""Warnings that all C of the project must be free of."""

TIMEOUT_S = 120.0
"""No single compiler run takes longer."""


def require_tool(name: str, packages: Sequence[str]) -> str:
    """Return the tool's path.

    Raises:
        ToolchainError: if it is not installed; names the Debian packages that bring it.
    """
    path = shutil.which(name)
    if path is None:
        raise ToolchainError(f"{name} is not installed: run 'apt-get install {' '.join(packages)}'")
    return path


def run_tool(command: Sequence[str | Path], *, cwd: Path | None = None, timeout_s: float = TIMEOUT_S) -> str:
    """Run a tool, which is asked nothing, and return its standard output.

    Raises:
        ToolchainError: if it fails or takes longer than ``timeout_s``; the message carries its first error line.
    """
    name = Path(command[0]).name
    try:
        done = subprocess.run(
            [str(part) for part in command],
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_s,
        )
    except subprocess.TimeoutExpired:
        raise ToolchainError(f"{name} took longer than {timeout_s:.0f} s") from None
    except OSError as error:
        raise ToolchainError(f"cannot run {name}: {error.strerror or error}") from error
    if done.returncode != 0:
        raise ToolchainError(f"{name} failed: {_telling_line(done.stderr or done.stdout, done.returncode)}")
    return done.stdout


def _telling_line(output: str, status: int) -> str:
    """Return the first line that says what is wrong, without the linker's lines that only say where."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    noise = re.compile(r"collect2|: in function|warning:")
    telling = re.compile(r"error:|undefined reference|\bld: ")
    found = [line for line in lines if telling.search(line) and not noise.search(line)]
    return (found or lines or [f"exit status {status}"])[0]
