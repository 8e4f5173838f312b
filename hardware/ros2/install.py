"""Puts the runtime under ROS's import names, unless a real rclpy is there."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Literal

from sim.errors import ConfigError

RUNTIME = "hardware.ros2.rclpy"
_SUFFIXES = ("_msgs", "_interfaces", "_srvs", "_common")
"""Endings of the interface packages' names: others are not looked up, which would load the definitions."""

Which = Literal["rclpy", "hardware.ros2"]


def install() -> Which:
    """Make ``import rclpy`` and ``from <package>.msg import ...`` work; return what they give.

    Returns:
        "rclpy" for a real ROS 2 (nothing was changed), "hardware.ros2" for this runtime.

    Raises:
        ConfigError: if both copies of the DDS library would come into one process.
    """
    if which() == "rclpy":
        if "cyclonedds" in sys.modules:
            raise ConfigError(
                "a real rclpy is on the path and PyPI's cyclonedds is loaded: two copies of the DDS library cannot"
                " share a process; start a new one, or do not source ROS 2"
            )
        _add(_NoCyclonedds())
        return "rclpy"
    _add(_Finder())  # first: `rclpy.node` must not be found again in the folder of this package
    return "hardware.ros2"


def which() -> Which:
    """Say which rclpy this process has or would get; see ``install``."""
    module = sys.modules.get("rclpy")
    if module is None:
        finders = [finder for finder in sys.meta_path if not isinstance(finder, _Finder)]
        found = any(_finds(finder, "rclpy") for finder in finders)
        return "rclpy" if found else "hardware.ros2"
    return "hardware.ros2" if module.__name__ == RUNTIME else "rclpy"


class _Finder(MetaPathFinder):
    """Finds ``rclpy`` in this package, and the modules of every interface package."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        root, _, rest = fullname.partition(".")
        if root == "rclpy":
            own = RUNTIME + fullname.removeprefix("rclpy")
            if importlib.util.find_spec(own) is None:
                return None
            return ModuleSpec(fullname, _Alias(own), is_package=True)
        if not root.endswith(_SUFFIXES) or rest not in ("", "msg", "srv"):
            return None
        from hardware.ros2.definitions import names_in, packages

        if root not in packages() or (rest and not names_in(root, rest)):
            return None
        return ModuleSpec(fullname, _Interfaces(root, rest), is_package=not rest)


class _Alias(Loader):
    """Gives a module under a second name."""

    def __init__(self, name: str) -> None:
        self._name = name

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = importlib.import_module(self._name)
        self._spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self._spec  # the import system has put its own there


class _Interfaces(Loader):
    """Makes ``<package>``, ``<package>.msg`` and ``<package>.srv``; their classes come on first use."""

    def __init__(self, package: str, kind: str) -> None:
        self._package, self._kind = package, kind

    def create_module(self, spec: ModuleSpec) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        if not self._kind:
            return
        from hardware.ros2.definitions import names_in

        names = names_in(self._package, self._kind)
        module.__dict__["__all__"] = names
        module.__dict__["__getattr__"] = lambda name: _interface(module, self._package, self._kind, names, name)
        module.__dict__["__dir__"] = lambda: names


class _NoCyclonedds(MetaPathFinder):
    """Keeps PyPI's DDS library out of a process that has ROS's."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname == "cyclonedds":
            raise ImportError("PyPI's cyclonedds cannot share a process with ROS 2's copy of the DDS library")
        return None


def _interface(module: ModuleType, package: str, kind: str, names: list[str], name: str) -> Any:
    if name not in names:
        raise AttributeError(f"module '{package}.{kind}' has no attribute '{name}'")
    from hardware.ros2.messages import message_class, service_class

    full = f"{package}/{kind}/{name}"
    made = service_class(full) if kind == "srv" else message_class(full)
    setattr(module, name, made)
    return made


def _add(finder: MetaPathFinder) -> None:
    if not any(type(other) is type(finder) for other in sys.meta_path):
        sys.meta_path.insert(0, finder)


def _finds(finder: Any, name: str) -> bool:
    find = getattr(finder, "find_spec", None)
    return find is not None and find(name, None) is not None
