"""Packages of a checkout's workspace (``ros2_ws/src``) and their executables, without building it.

An executable is a console script in the package's ``setup.py``, which is read, not run: the call of
``setup`` must hold ``entry_points`` as a literal, as every ament_python template has it.
"""

from __future__ import annotations

import ast
import os
from dataclasses import dataclass
from pathlib import Path

from hardware.ros2.launching.context import LaunchError

WORKSPACE_VARIABLE = "SIM2METAL_ROS2_WS"
"""Environment variable that names another workspace's ``src`` folder."""


@dataclass(frozen=True)
class Package:
    """A package in source form."""

    name: str
    folder: Path

    def executables(self) -> dict[str, str]:
        """Return executable name -> ``module:function``.

        Raises:
            LaunchError: if ``setup.py`` cannot be read.
        """
        path = self.folder / "setup.py"
        try:
            tree = ast.parse(path.read_text())
        except (OSError, SyntaxError, ValueError) as error:
            raise LaunchError(f"{path} cannot be read ({error}): package '{self.name}' has no executables") from None
        return dict(_split(script) for script in _console_scripts(tree))

    def entry_point(self, executable: str) -> str:
        """Return ``module:function`` of an executable.

        Raises:
            LaunchError: if there is no such executable; the message lists those there are.
        """
        found = self.executables()
        if executable not in found:
            raise LaunchError(
                f"package '{self.name}' has no executable '{executable}'; it has: {', '.join(sorted(found))}"
            )
        return found[executable]


def workspace_source() -> Path:
    """Return the ``src`` folder of the workspace."""
    given = os.environ.get(WORKSPACE_VARIABLE)
    return Path(given) if given else Path(__file__).resolve().parents[3] / "ros2_ws" / "src"


def packages() -> dict[str, Package]:
    """Return the workspace's packages by name: every folder with a ``package.xml``."""
    source = workspace_source()
    return {path.parent.name: Package(path.parent.name, path.parent) for path in sorted(source.glob("*/package.xml"))}


def find_package(name: str) -> Package:
    """Return a package of the workspace.

    Raises:
        LaunchError: if it is not there; the message lists those that are.
    """
    found = packages()
    if not found:
        raise LaunchError(
            f"no ROS packages in {workspace_source()}: run from a source checkout (the installed wheel leaves them out)"
        )
    if name not in found:
        raise LaunchError(f"no package '{name}' in {workspace_source()}; there are: {', '.join(found)}")
    return found[name]


def _console_scripts(tree: ast.AST) -> list[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "entry_points":
            try:
                return list(ast.literal_eval(node.value)["console_scripts"])
            except (ValueError, KeyError, TypeError):
                return []
    return []


def _split(script: str) -> tuple[str, str]:
    name, _, target = script.partition("=")
    return name.strip(), target.strip()
