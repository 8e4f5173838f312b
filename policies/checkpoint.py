"""Checkpoints: everything a learner needs to go on exactly where it was, in one atomic file.

An ``.npz`` of named arrays and one JSON record. The file is written whole or not at all
(``sim.files.write_atomic``): a full disk or a kill leaves the previous checkpoint as it was.
"""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.errors import StorageError
from sim.files import write_atomic

_RECORD = "record"


@dataclass(frozen=True)
class Checkpoint:
    """Arrays by name, and a JSON-able record (iteration, random state, configuration, curve)."""

    arrays: dict[str, NDArray[Any]]
    record: dict[str, Any]


def save_checkpoint(path: Path | str, checkpoint: Checkpoint) -> None:
    """Write a checkpoint, replacing the previous one.

    Raises:
        StorageError: if the disk is full or the folder not writable; the previous one is intact.
    """
    buffer = io.BytesIO()
    text = np.frombuffer(json.dumps(checkpoint.record).encode(), np.uint8)
    np.savez(buffer, allow_pickle=False, **checkpoint.arrays, **{_RECORD: text})
    write_atomic(path, buffer.getvalue())


def load_checkpoint(path: Path | str) -> Checkpoint:
    """Read a checkpoint.

    Raises:
        StorageError: if there is none or it is damaged.
    """
    path = Path(path)
    if not path.is_file():
        raise StorageError(f"no checkpoint at {path}: train without --resume to start one")
    try:
        with np.load(path, allow_pickle=False) as data:
            arrays = {name: data[name] for name in data.files if name != _RECORD}
            record = json.loads(data[_RECORD].tobytes())
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise StorageError(f"checkpoint {path} is damaged ({error}): train again without --resume") from None
    return Checkpoint(arrays, record)


def flat(prefix: str, arrays: dict[str, Any]) -> dict[str, NDArray[Any]]:
    """Return ``arrays`` with ``prefix.`` before every name, as a checkpoint stores them."""
    return {f"{prefix}.{name}": np.asarray(value) for name, value in arrays.items()}


def part(prefix: str, arrays: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Return what ``flat`` stored under ``prefix``."""
    start = f"{prefix}."
    return {name.removeprefix(start): value for name, value in arrays.items() if name.startswith(start)}
