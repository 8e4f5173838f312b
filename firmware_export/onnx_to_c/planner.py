"""Where every buffer lives: caller's arrays where possible, else one workspace with reuse."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from firmware_export.onnx_to_c.ir import Buffer, Map, Program, Statement, Value, View, leaves, reads


@dataclass(frozen=True)
class Plan:
    """The placement of a program's buffers."""

    offset: dict[Buffer, int]
    """Start of each workspace buffer, in floats."""
    size: int
    """Peak workspace, in floats."""


def place_outputs(program: Program) -> None:
    """Let results be computed in place in ``action`` and in the state, else append a copy.

    The state is updated in place only where nothing reads the old state afterwards.
    """
    for name in ("action", "state_out"):
        if name not in program.outputs:
            continue
        value = program.outputs[name]
        if _can_be_renamed(program, name, value):
            assert isinstance(value, View)
            value.buffer.role = name
            continue
        target = Buffer(name, int(np.prod(value.shape)), role=name)
        program.statements.append(Map(target, np.arange(target.size).reshape(value.shape), value, [name]))
        program.outputs[name] = View.of(target, value.shape)


def _can_be_renamed(program: Program, name: str, value: Value) -> bool:
    if not isinstance(value, View) or not value.is_whole or value.buffer.role != "workspace":
        return False
    others = [other for key, other in program.outputs.items() if key != name]
    if any(isinstance(other, View) and other.buffer is value.buffer for other in others):
        return False
    return name == "action" or _old_state_is_dead(program, value.buffer)


def _old_state_is_dead(program: Program, new: Buffer) -> bool:
    writers = [i for i, statement in enumerate(program.statements) if statement.output is new]
    old = program.inputs["state_in"]
    if any(isinstance(value, View) and value.buffer is old for value in program.outputs.values()):
        return False
    for statement in program.statements[writers[0] :]:
        if any(view.buffer is old for view in reads(statement)) and not _is_pointwise(statement, old):
            return False
    after = program.statements[writers[0] + 1 :]
    return not any(view.buffer is old for statement in after for view in reads(statement))


def _is_pointwise(statement: Statement, buffer: Buffer) -> bool:
    """Whether element i of the result needs no other element of ``buffer`` than i."""
    if not isinstance(statement, Map) or not statement.is_whole:
        return False
    uses = [leaf for leaf in leaves(statement.expression) if isinstance(leaf, View) and leaf.buffer is buffer]
    return all(use.is_whole and use.shape == statement.shape for use in uses)


def plan(program: Program) -> Plan:
    """Place the workspace buffers, largest first, each at the lowest free offset.

    Two buffers share memory unless both are alive during one statement; an element-wise
    result may take the place of an operand that dies with it.
    """
    alive = lifetimes(program)
    offset: dict[Buffer, int] = {}
    shared = _in_place(program, alive)
    groups: dict[Buffer, list[Buffer]] = {}
    for buffer in alive:
        groups.setdefault(_root(buffer, shared), []).append(buffer)
    placed: list[tuple[int, int, int, int]] = []
    for _, members in sorted(groups.items(), key=lambda item: -max(buffer.size for buffer in item[1])):
        size = max(buffer.size for buffer in members)
        first = min(alive[buffer][0] for buffer in members)
        last = max(alive[buffer][1] for buffer in members)
        conflicts = sorted((start, end) for start, end, f, t in placed if not (last < f or t < first))
        start = 0
        for low, high in conflicts:
            if start + size <= low:
                break
            start = max(start, high)
        placed.append((start, start + size, first, last))
        offset.update(dict.fromkeys(members, start))
    return Plan(offset, max((end for _, end, _, _ in placed), default=0))


def lifetimes(program: Program) -> dict[Buffer, tuple[int, int]]:
    """Return the first and the last statement that touches each workspace buffer."""
    alive: dict[Buffer, tuple[int, int]] = {}
    for i, statement in enumerate(program.statements):
        for buffer in (statement.output, *(view.buffer for view in reads(statement))):
            if buffer.role == "workspace":
                alive[buffer] = (alive.get(buffer, (i, i))[0], i)
    return alive


def _in_place(program: Program, alive: dict[Buffer, tuple[int, int]]) -> dict[Buffer, Buffer]:
    """Map each element-wise result to an operand whose place it may take."""
    shared: dict[Buffer, Buffer] = {}
    for i, statement in enumerate(program.statements):
        output = statement.output
        if not isinstance(statement, Map) or output.role != "workspace" or alive[output][0] != i:
            continue
        for view in reads(statement):
            old = view.buffer
            dies = old.role == "workspace" and old.size == output.size and alive[old][1] == i
            if dies and _is_pointwise(statement, old):
                shared[output] = old
                break
    return shared


def _root(buffer: Buffer, shared: dict[Buffer, Buffer]) -> Buffer:
    while buffer in shared:
        buffer = shared[buffer]
    return buffer
