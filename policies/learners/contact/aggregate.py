"""What DAgger learns from: the latest rollouts with the expert's answers, kept, and drawn from as short windows."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import Any, cast

import torch
from tensordict import TensorDict
from torch import Tensor

from policies.learners.rollout_files import load_rollout, prune_rollouts, save_rollout

HALF = ("field",)
"""Groups kept in 16 bits: taxels show a thousandth of their range, and they are most of what is kept."""
_MEMORY = ("memory.output", "memory.cell")
Memory = tuple[Tensor, Tensor]


class Aggregate:
    """Rollouts of many environments, a window of each environment's at a time.

    Each rollout has a number. A resumed run reads those that its checkpoint counts on, and writes the later ones anew.

    Args:
        most: rollouts kept; the oldest go.
    """

    def __init__(self, most: int) -> None:
        self._rollouts: deque[tuple[TensorDict, Memory | None]] = deque(maxlen=most)
        self._added, self._saved = 0, 0

    def __len__(self) -> int:
        """Return how many rollouts there are."""
        return len(self._rollouts)

    def add(self, steps: TensorDict, memory: Memory | None) -> None:
        """Keep a rollout.

        Args:
            steps: what was seen and answered, (time, environments, ...).
            memory: the student's before it, (layers, environments, size) each; ``None`` without an LSTM.
        """
        kept = {name: value.half() if name in HALF else value for name, value in steps.items()}
        self._rollouts.append((TensorDict(kept, batch_size=steps.batch_size), memory))  # pyright: ignore
        self._added += 1

    def draw(self, count: int) -> tuple[TensorDict, Memory | None]:
        """Return ``count`` windows of random environments of random rollouts, (time, count, ...), and their memory."""
        which = torch.randint(len(self._rollouts), (count,)).tolist()
        env = torch.randint(self._rollouts[0][0].shape[1], (count,)).tolist()
        drawn = [cast(TensorDict, self._rollouts[r][0][:, e]) for r, e in zip(which, env)]
        windows = cast(TensorDict, torch.stack(drawn, dim=1))  # pyright: ignore[reportArgumentType, reportCallIssue]
        memories = [memory for _, memory in (self._rollouts[r] for r in which)]
        if memories[0] is None:
            return windows, None
        output, cell = (
            torch.stack([memory[part][:, e] for memory, e in zip(memories, env) if memory], dim=1) for part in (0, 1)
        )
        return windows, (output, cell)

    def save(self, folder: Path) -> None:
        """Write the rollouts that are not in the folder yet.

        Raises:
            StorageError: if the disk is full.
        """
        first = self._added - len(self._rollouts)
        for number in range(max(self._saved, first), self._added):
            steps, memory = self._rollouts[number - first]
            arrays: dict[str, Any] = {name: value.numpy() for name, value in steps.items()}  # pyright: ignore
            arrays |= {} if memory is None else {name: part.numpy() for name, part in zip(_MEMORY, memory)}
            save_rollout(folder, number, arrays)
        self._saved = self._added

    def prune(self, folder: Path) -> None:
        """Remove what is no longer kept, once no checkpoint counts on it."""
        prune_rollouts(folder, self._added - len(self._rollouts))

    def load(self, folder: Path, added: int) -> None:
        """Read the rollouts that were kept when ``added`` had been added.

        Raises:
            StorageError: if one is missing or damaged.
        """
        self._added = self._saved = added
        most = self._rollouts.maxlen or 0
        for number in range(max(0, added - most), added):
            arrays = {name: torch.from_numpy(value) for name, value in load_rollout(folder, number).items()}
            memory = (arrays.pop(_MEMORY[0]), arrays.pop(_MEMORY[1])) if _MEMORY[0] in arrays else None
            size = arrays["label"].shape[:2]
            self._rollouts.append((TensorDict(arrays, batch_size=size), memory))  # pyright: ignore
