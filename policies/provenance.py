"""Where a policy comes from: robot, commit, seed, resolved configuration, package versions, licences."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import math
import platform
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from policies.bundle import RobotInfo
from sim.spec import RobotSpec

PACKAGES = ("numpy", "torch", "numba", "mujoco", "onnx", "onnxscript", "onnxruntime")
"""Packages whose version can change a trained policy or its graph."""

LICENCES = {"policy": "MIT", "sim2metal": "MIT"}
"""The weights are this program's output and carry its licence unless the user changes it."""

_ROOT = Path(__file__).resolve().parents[1]


def provenance(seed: int, config: Any, start_from: str | None = None) -> dict[str, Any]:
    """Return the record that goes into ``bundle.json``.

    Args:
        seed: of the training run.
        config: the resolved configuration, a dataclass or a dict.
        start_from: id of the bundle whose weights the training began with; ``None``: random ones.
    """
    begun = {} if start_from is None else {"start_from": start_from}
    return begun | {
        "commit": git_commit(_ROOT),
        "seed": int(seed),
        "config": plain(config),
        "versions": {"python": platform.python_version(), **{name: _version(name) for name in PACKAGES}},
        "licences": dict(LICENCES),
    }


def identified_record(reference: Mapping[str, str] | None) -> dict[str, Any]:
    """Return what a bundle remembers of the one robot it was trained for, if it was."""
    return {} if reference is None else {"identified": dict(reference)}


def git_commit(root: Path) -> str:
    """Return the commit of the checkout at ``root``, with ``-dirty`` when tracked files differ.

    ``"unknown"`` without git or outside a checkout (an installed wheel), even when a parent
    folder belongs to some other repository.
    """
    git = shutil.which("git")
    if git is None or not (root / ".git").exists():
        return "unknown"
    try:
        commit = _git(git, root, "rev-parse", "HEAD")
        changed = _git(git, root, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return f"{commit}-dirty" if changed else commit


def plain(value: Any) -> Any:
    """Return a record as JSON-able data: dataclasses as dicts, NaN and infinity as null, paths as text."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, bool | int | str) else str(value)


def robot_info(robot: RobotSpec[Any], parameters: Any) -> RobotInfo:
    """Return what a bundle says of the robot that a policy was trained for, with these constants (a dataclass)."""
    names = robot.motor_names, robot.joint_names
    return RobotInfo(robot.name, parameters.name, *names, robot.model_hash(), plain(parameters))


def _git(git: str, root: Path, *arguments: str) -> str:
    command = [git, "-C", str(root), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
