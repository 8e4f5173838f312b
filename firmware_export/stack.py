"""A bound of the stack that one ``policy_step`` uses: the deepest path through its call graph.

Frames of the generated functions come from gcc (``-fcallgraph-info=su``: what ``-fstack-usage`` prints, with the
calls). What they call of the C library (``expf``) and of the compiler's (soft floats) came compiled:
frames and calls of these are read from the linked image.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from firmware_export.compiled_frames import Functions, disassemble
from firmware_export.targets import Target
from sim.errors import ToolchainError

ENTRY = "policy_step"
LARGEST_STEP_STACK = 256
"""Bytes that ``policy_step`` may use with all generated functions it calls (the project's promise)."""

_NODE = re.compile(r'^node: \{ title: "([^"]+)" label: "([^"]*)"')
_EDGE = re.compile(r'^edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"')
_FRAME = re.compile(r"(\d+) bytes \(([\w,]+)\)")


def bound_stack(target: Target, report: Path, image: Path) -> int:
    """Return the largest stack of ``policy_step`` with all it calls, bytes.

    On this computer, whose libraries are shared, without what these use.

    Args:
        target: what it was built for.
        report: gcc's ``policy.ci``.
        image: the code linked with its libraries.

    Raises:
        ToolchainError: if the generated functions alone exceed ``LARGEST_STEP_STACK`` on a microcontroller, have a
            frame without a bound, or call themselves.
    """
    generated = read_call_graph(report)
    own = deepest(generated.frames, generated.calls)
    if "-shared" in target.link_flags:
        return own
    if own > LARGEST_STEP_STACK:
        raise ToolchainError(
            f"{target.name}: policy_step needs {own} B of stack, more than the {LARGEST_STEP_STACK} B it may use: "
            "please report the network"
        )
    linked = disassemble(image, target.size_tool, target.packages)
    frames = {**linked.frames, **generated.frames}
    names = generated.calls.keys() | linked.calls.keys()
    return deepest(frames, {name: generated.calls.get(name, set()) | linked.calls.get(name, set()) for name in names})


def read_call_graph(path: Path) -> Functions:
    """Read gcc's ``.ci`` file; functions of other files are called but have no frame.

    Raises:
        ToolchainError: if a frame has no bound.
    """
    frames: dict[str, int] = {}
    calls: dict[str, set[str]] = {}
    for line in path.read_text().splitlines():
        if node := _NODE.match(line):
            frame = _FRAME.search(node[2])
            if frame is None:
                continue
            if "dynamic" in frame[2] and "bounded" not in frame[2]:
                raise ToolchainError(f"{_bare(node[1])}: stack of unbounded size in generated code")
            frames[_bare(node[1])] = int(frame[1])
        elif edge := _EDGE.match(line):
            calls.setdefault(_bare(edge[1]), set()).add(_bare(edge[2]))
    return Functions(frames, calls)


def deepest(
    frames: Mapping[str, int], calls: Mapping[str, set[str]], function: str = ENTRY, path: tuple[str, ...] = ()
) -> int:
    """Return the largest sum of frames on any path of calls from ``function`` on; what has no frame counts as 0.

    Raises:
        ToolchainError: if a function calls itself, directly or not.
    """
    if function in path:
        raise ToolchainError(f"{function} calls itself: its stack has no bound")
    below = [deepest(frames, calls, callee, (*path, function)) for callee in calls.get(function, ())]
    return frames.get(function, 0) + max(below, default=0)


def _bare(title: str) -> str:
    """Return a function's name without the file that gcc puts before those that are static."""
    return title.rsplit(":", 1)[-1]
