"""Launch a file of the workspace: ``sim2metal ros launch fly sim:=true``, or ``ros2 launch`` where ROS 2 is sourced."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from hardware.ros2.launching import modules
from hardware.ros2.launching.arguments import (
    check_arguments,
    declared_arguments,
    find_launch_file,
    parse_arguments,
    show_arguments,
)
from hardware.ros2.launching.context import LaunchError
from hardware.ros2.launching.service import LaunchService
from hardware.ros2.launching.source import load_launch_file
from sim.errors import Sim2MetalError


class LaunchFailedError(Sim2MetalError):
    """A launch in which a process died or a node did not come up."""


def launch(words: Sequence[str], *, show_args: bool = False) -> dict[str, Any]:
    """Launch until everything has ended, or show a file's arguments.

    Args:
        words: launch file (``fly``, a path, or package and file), then ``name:=value``.
        show_args: only print the arguments.

    Returns:
        The file and its arguments.

    Raises:
        LaunchError: for an unknown file, argument or value: nothing started.
        LaunchFailedError: if a process died; every process has ended.
    """
    path, rest = find_launch_file(words)
    given = parse_arguments(rest)
    if modules.real_launch():
        _hand_over(path, rest, show_args)
    modules.install()
    console = Console(highlight=False, soft_wrap=True)
    service = LaunchService(lambda line: console.print(Text(line)))
    description = load_launch_file(path)
    declared = declared_arguments(description, service.context)
    result = {"file": str(path), "arguments": sorted(declared)}
    if show_args:
        for line in [f"arguments of {path.name}, as name:=value", *show_arguments(declared, service.context)]:
            console.print(Text(line))
        return result
    check_arguments(declared, given, path)
    service.context.launch_configurations.update(given)
    if failures := service.run(description):
        raise LaunchFailedError(failures[0])
    return result


def _hand_over(path: Path, arguments: Sequence[str], show_args: bool) -> None:
    """Become ``ros2 launch``: the real one is there and starts the same file."""
    program = shutil.which("ros2")
    if program is None:
        raise LaunchError("launch_ros is importable but the program ros2 is not found: source ROS 2's setup file")
    options = ["--show-args"] if show_args else []
    os.execv(program, ["ros2", "launch", *options, str(path), *arguments])
