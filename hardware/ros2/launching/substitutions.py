"""Substitutions of ``launch`` and ``launch_ros``: text that is known only when the launch runs."""

from __future__ import annotations

import os
from pathlib import Path

from hardware.ros2.launching.context import LaunchContext, LaunchError, Substitution, Text, perform
from hardware.ros2.launching.packages import find_package

TRUE, FALSE = ("true", "1"), ("false", "0")
"""What counts as yes and no, in any case (as in ``launch.conditions``)."""


def as_bool(text: str, where: str) -> bool:
    """Return a truth value.

    Raises:
        LaunchError: if the text is none.
    """
    word = text.strip().lower()
    if word in TRUE or word in FALSE:
        return word in TRUE
    raise LaunchError(f"{where} is '{text}': expected true or false")


class TextSubstitution(Substitution):
    """Plain text."""

    def __init__(self, *, text: str) -> None:
        self.text = text

    def perform(self, context: LaunchContext) -> str:
        """Return the text."""
        return self.text


class LaunchConfiguration(Substitution):
    """The value of a launch argument."""

    def __init__(self, variable_name: Text, *, default: Text | None = None) -> None:
        self.variable_name = variable_name
        self.default = default

    def perform(self, context: LaunchContext) -> str:
        """Return the value.

        Raises:
            LaunchError: if there is none and no default.
        """
        name = perform(context, self.variable_name)
        if name in context.launch_configurations:
            return context.launch_configurations[name]
        if self.default is None:
            raise LaunchError(f"launch argument '{name}' is used but not declared")
        return perform(context, self.default)


class PathJoinSubstitution(Substitution):
    """Parts joined to a path."""

    def __init__(self, substitutions: list[Text]) -> None:
        self.parts = substitutions

    def perform(self, context: LaunchContext) -> str:
        """Return the path."""
        return str(Path(*(perform(context, part) for part in self.parts)))


class EnvironmentVariable(Substitution):
    """A variable of the environment."""

    def __init__(self, name: Text, *, default_value: Text | None = None) -> None:
        self.name = name
        self.default_value = default_value

    def perform(self, context: LaunchContext) -> str:
        """Return its value.

        Raises:
            LaunchError: if it is not set and there is no default.
        """
        name = perform(context, self.name)
        value = os.environ.get(name)
        if value is not None:
            return value
        if self.default_value is None:
            raise LaunchError(f"environment variable '{name}' is not set")
        return perform(context, self.default_value)


class EqualsSubstitution(Substitution):
    """``true`` if two texts are the same."""

    def __init__(self, left: Text, right: Text) -> None:
        self.left, self.right = left, right

    def perform(self, context: LaunchContext) -> str:
        """Return ``true`` or ``false``."""
        return str(perform(context, self.left) == perform(context, self.right)).lower()


class FindPackageShare(Substitution):
    """The folder of a package's launch files and configuration: in a checkout, the package's own folder."""

    def __init__(self, package: Text) -> None:
        self.package = package

    def perform(self, context: LaunchContext) -> str:
        """Return the folder.

        Raises:
            LaunchError: if the workspace has no such package.
        """
        return str(find_package(perform(context, self.package)).folder)
