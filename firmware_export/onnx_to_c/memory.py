"""Who holds the workspace at its peak: the statement during which most floats are alive, and what they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from firmware_export.onnx_to_c.ir import Buffer, Program
from firmware_export.onnx_to_c.planner import Plan, lifetimes

FLOAT_BYTES = 4


@dataclass(frozen=True)
class WidestStep:
    """The statement with most memory alive.

    Attributes:
        node: the ONNX nodes it computes.
        tensors: name in C and bytes of each buffer alive, largest first; of those that share memory only the largest.
    """

    node: str
    tensors: tuple[tuple[str, int], ...]

    @property
    def size_bytes(self) -> int:
        """Bytes alive; the workspace is larger where these cannot lie without gaps."""
        return sum(size for _, size in self.tensors)

    def describe(self, most: int = 4) -> str:
        """Return one line that names the node and its largest tensors."""
        named = [f"{name} {size:,} B" for name, size in self.tensors[:most]]
        if len(self.tensors) > most:
            rest = sum(size for _, size in self.tensors[most:])
            named.append(f"{len(self.tensors) - most} more {rest:,} B")
        return f"widest at {self.node}: {' + '.join(named)}"


def widest_step(program: Program, plan: Plan, names: Mapping[Buffer, str]) -> WidestStep | None:
    """Return the statement with most memory alive, the first of equal ones; ``None`` without a workspace.

    Args:
        program: all statements.
        plan: where its buffers are.
        names: what the buffers are called in C.
    """
    alive = lifetimes(program)
    widest: WidestStep | None = None
    for i, statement in enumerate(program.statements):
        held: dict[int, Buffer] = {}
        for buffer, (first, last) in alive.items():
            if first <= i <= last:
                start = plan.offset[buffer]
                held[start] = max(held.get(start, buffer), buffer, key=lambda one: one.size)
        largest_first = sorted(held.values(), key=lambda one: -one.size)
        tensors = tuple((names[buffer], FLOAT_BYTES * buffer.size) for buffer in largest_first)
        step = WidestStep(", ".join(dict.fromkeys(statement.nodes)), tensors)
        if tensors and (widest is None or step.size_bytes > widest.size_bytes):
            widest = step
    return widest
