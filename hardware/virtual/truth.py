"""The truth about a virtual robot, as a file: where its body really was and how fast, period by period.

What estimates, logs and figures are compared with; two runs that are the same to the bit write the same bytes.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sim.errors import StorageError


class TrueBody(Protocol):
    """A body in MuJoCo."""

    @property
    def qpos(self) -> NDArray[np.float64]:
        """(nq,) position: x, y, z in m, wxyz quaternion, joints in rad."""
        ...

    @property
    def qvel(self) -> NDArray[np.float64]:
        """(nv,) velocity: m/s in the world, rad/s in the body, joints in rad/s."""
        ...


class TruthLog:
    """Writes bodies to one CSV file; numbers in full precision.

    Args:
        path: of the file; written beside it until ``close``, so that it is never there by half.
        bodies: one after the other in each line.
        period_ms: time between two lines.

    Raises:
        StorageError: if it cannot be written.
    """

    def __init__(self, path: Path, bodies: Sequence[TrueBody], period_ms: int) -> None:
        self._path, self._part = path, path.with_name(f".{path.name}.part")
        self._bodies, self._period_ms = bodies, period_ms
        try:
            self._file = self._part.open("w", newline="", encoding="ascii")
        except OSError as error:
            raise self._failed(error) from None
        self._writer = csv.writer(self._file, lineterminator="\n")
        self._next_ms = 0
        head = ["t_ms"]
        for number, body in enumerate(bodies):
            prefix = f"robot{number}." if len(bodies) > 1 else ""
            head += [f"{prefix}q{i}" for i in range(len(body.qpos))] + [f"{prefix}v{i}" for i in range(len(body.qvel))]
        self._writer.writerow(head)

    def note(self, now_ms: int) -> None:
        """Write a line if one is due."""
        if now_ms < self._next_ms:
            return
        self._next_ms = now_ms - now_ms % self._period_ms + self._period_ms
        row: list[float] = [now_ms]
        for body in self._bodies:
            row += [*body.qpos.tolist(), *body.qvel.tolist()]  # repr of a float: the shortest that reads back the same
        try:
            self._writer.writerow(row)
        except OSError as error:
            raise self._failed(error) from None

    def close(self) -> None:
        """Put the file in its place."""
        try:
            self._file.close()
            self._part.replace(self._path)
        except OSError as error:
            raise self._failed(error) from None

    def _failed(self, error: OSError) -> StorageError:
        return StorageError(f"cannot write {self._path}: {error.strerror}; choose another file or free some space")
