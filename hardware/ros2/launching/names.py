"""Namespaces of nodes in a launch."""

from __future__ import annotations

from hardware.ros2.launching.context import LaunchContext, LaunchError

_KEY = "ros_namespace"
"""The launch configuration in which ``launch_ros`` keeps the namespace in force."""


def namespace(context: LaunchContext) -> str:
    """Return the namespace in force, absolute; nothing for the root."""
    return context.launch_configurations.get(_KEY, "")


def push_namespace(context: LaunchContext, name: str) -> None:
    """Join a namespace to the one in force, until the end of the scope."""
    context.launch_configurations[_KEY] = join(namespace(context), name)


def join(base: str, name: str) -> str:
    """Return ``name`` below ``base``, or itself if it is absolute; no slash at the end.

    Raises:
        LaunchError: if a part is no ROS name (letters, digits and underscores, no digit first).
    """
    full = name if name.startswith("/") else f"{base}/{name}"
    parts = [part for part in full.split("/") if part]
    for part in parts:
        if not part.isascii() or not part.isidentifier():
            raise LaunchError(f"'{name}' is no ROS namespace: letters, digits and underscores, no digit first")
    return "".join(f"/{part}" for part in parts)
