"""Rollouts that a learner keeps, in a folder beside its checkpoint: a file each, by number.

A resumed run reads those that its checkpoint counts on, and writes the later ones anew.
"""

from __future__ import annotations

from pathlib import Path

from policies.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from policies.learners.weights import Arrays

_FOLDER = "rollouts"


def save_rollout(folder: Path, number: int, arrays: Arrays) -> None:
    """Write a rollout into a run's folder.

    Raises:
        StorageError: if the disk is full.
    """
    save_checkpoint(_path(folder, number), Checkpoint(arrays, {}))


def load_rollout(folder: Path, number: int) -> Arrays:
    """Read a rollout of a run's folder.

    Raises:
        StorageError: if it is missing or damaged.
    """
    return load_checkpoint(_path(folder, number)).arrays


def prune_rollouts(folder: Path, first: int) -> None:
    """Remove the rollouts before ``first``."""
    for path in _saved(folder):
        if int(path.stem) < first:
            path.unlink(missing_ok=True)


def forget(folder: Path) -> None:
    """Remove all rollouts from a run's folder, and where they were."""
    for path in _saved(folder):
        path.unlink(missing_ok=True)
    if (folder / _FOLDER).is_dir():
        (folder / _FOLDER).rmdir()


def _path(folder: Path, number: int) -> Path:
    return folder / _FOLDER / f"{number:06d}.npz"


def _saved(folder: Path) -> list[Path]:
    return sorted((folder / _FOLDER).glob("*.npz"))
