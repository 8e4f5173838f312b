"""Start a launch file of the workspace: ``sim2metal ros launch fly bundle:=runs/hover/bundle``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import tyro


@dataclass
class Launch:
    """Launch: start nodes from a launch file of ros2_ws, until Ctrl-C or until the mission ends."""

    words: Annotated[tuple[str, ...], tyro.conf.Positional, tyro.conf.arg(metavar="FILE [NAME:=VALUE ...]")]
    """Launch file (fly, a path, or a package and a file), then its arguments as name:=value."""
    show_args: bool = False
    """Print the file's arguments instead of launching it."""

    @property
    def action(self) -> Launch:
        """The command itself: it has no further ones."""
        return self

    def run(self) -> dict[str, Any]:
        """Launch; returns the file and the names of its arguments.

        Raises:
            Sim2MetalError: one line that says what to do.
        """
        from hardware.ros2.launching.launcher import launch

        return launch(self.words, show_args=self.show_args)
