"""The training curve: one JSON line per point in the run folder, and the same for TensorBoard."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from sim.errors import StorageError
from sim.files import write_atomic


class RunLog:
    """Collects points of the curve; ``flush`` writes them."""

    def __init__(self, folder: Path, points: list[dict[str, Any]] | None = None) -> None:
        """Open a run's log.

        Args:
            folder: run folder; created.
            points: of the run that is being resumed; later ones in the folder are superseded. Without, the plots of an
                earlier run are deleted: TensorBoard would draw them beside the new ones.

        Raises:
            StorageError: if the folder cannot be written.
        """
        from torch.utils.tensorboard import SummaryWriter

        self.path = folder / "curve.jsonl"
        self.points = list(points or [])
        following = int(self.points[-1]["iteration"]) + 1 if self.points else 0
        board = folder / "tensorboard"
        try:
            if points is None and board.exists():
                shutil.rmtree(board)
            folder.mkdir(parents=True, exist_ok=True)
            self._board = SummaryWriter(str(board), purge_step=following)
        except OSError as error:
            raise StorageError(f"cannot write to run folder {folder}: {error.strerror or error}") from error

    def add(self, iteration: int, values: dict[str, float]) -> None:
        """Append one point: ``values`` by name at an iteration."""
        self.points.append({"iteration": iteration, **{name: float(f"{value:.6g}") for name, value in values.items()}})
        for name, value in values.items():
            self._board.add_scalar(name, value, iteration)

    def flush(self) -> None:
        """Write the curve to disk, whole.

        Raises:
            StorageError: if the disk is full; the previous curve is intact.
        """
        write_atomic(self.path, "".join(json.dumps(point) + "\n" for point in self.points))

    def close(self) -> None:
        """Finish the TensorBoard file."""
        self._board.close()
