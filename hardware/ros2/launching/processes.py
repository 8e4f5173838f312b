"""Actions that start a process: ``ExecuteProcess``, ``Node`` and ``LifecycleNode``."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from hardware.ros2.launching import names
from hardware.ros2.launching.actions import RegisterEventHandler
from hardware.ros2.launching.context import Action, Entity, LaunchContext, LaunchError, Text, perform, visit_all
from hardware.ros2.launching.events import OnProcessExit
from hardware.ros2.launching.packages import find_package
from hardware.ros2.launching.parameters import Parameters, parameter_arguments
from hardware.ros2.launching.service import EndTimes

START_MODULE = "hardware.ros2.launching.start_node"


class ExecuteProcess(Action):
    """A program.

    Args:
        cmd: program and arguments.
        name: for its output; default: the program's.
        cwd: where it works.
        additional_env: variables added to the environment.
        output: ``"screen"`` or ``"both"`` print everything, ``"log"`` error lines only.
        on_exit: entities visited when it ends.
        sigterm_timeout: seconds from SIGINT to SIGTERM when the launch ends.
        sigkill_timeout: seconds from there to SIGKILL.
    """

    def __init__(
        self,
        *,
        cmd: Iterable[Text] = (),
        name: Text | None = None,
        cwd: Text | None = None,
        additional_env: Mapping[Text, Text] | None = None,
        output: Text = "log",
        on_exit: Any = None,
        sigterm_timeout: Text = "5",
        sigkill_timeout: Text = "5",
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.cmd = list(cmd)
        self.name = name
        self.cwd = cwd
        self.additional_env = dict(additional_env or {})
        self.output = output
        self.on_exit = on_exit
        self.timeouts = (sigterm_timeout, sigkill_timeout)

    def command(self, context: LaunchContext) -> list[str]:
        """Return program and arguments."""
        return [perform(context, part) for part in self.cmd]

    interrupt_later = False
    """Whether it unblocks SIGINT itself, see ``ManagedProcess``."""

    def process_name(self, context: LaunchContext, command: Sequence[str]) -> str:
        """Return the name for its output."""
        return perform(context, self.name) if self.name is not None else Path(command[0]).name

    def execute(self, context: LaunchContext) -> None:
        """Start it.

        Raises:
            LaunchError: if it cannot be started.
        """
        command = self.command(context)
        if self.on_exit is not None:
            handler = OnProcessExit(target_action=self, on_exit=self.on_exit)
            visit_all([RegisterEventHandler(handler)], context)
        context.service.start_process(
            self,
            self.process_name(context, command),
            command,
            {perform(context, key): perform(context, value) for key, value in self.additional_env.items()},
            None if self.cwd is None else perform(context, self.cwd),
            EndTimes(*(_seconds(perform(context, text)) for text in self.timeouts)),
            quiet=perform(context, self.output) == "log",
            interrupt_later=self.interrupt_later,
        )

    def sub_entities(self, context: LaunchContext) -> Sequence[Entity]:
        """Return what is visited at its end."""
        if isinstance(self.on_exit, Entity):
            return [self.on_exit]
        return [] if self.on_exit is None or callable(self.on_exit) else list(self.on_exit)


class PushRosNamespace(Action):
    """Puts the nodes that follow in the same scope into a namespace."""

    def __init__(self, namespace: Text, **options: Any) -> None:
        super().__init__(**options)
        self.namespace = namespace

    def execute(self, context: LaunchContext) -> None:
        """Join the namespace to the present one."""
        names.push_namespace(context, perform(context, self.namespace))


class Node(ExecuteProcess):
    """An executable of a package of the workspace, as a process of this Python.

    Args:
        package: its name.
        executable: a console script of its ``setup.py``.
        name: of the node; default: the one it gives itself.
        namespace: below the one in force, or absolute.
        parameters: files and dictionaries, later ones win.
        remappings: pairs of topic or service names.
        arguments: further arguments.
        ros_arguments: further arguments for ROS.
    """

    def __init__(
        self,
        *,
        package: Text,
        executable: Text,
        name: Text | None = None,
        namespace: Text | None = None,
        parameters: Parameters = (),
        remappings: Iterable[tuple[Text, Text]] = (),
        arguments: Iterable[Text] = (),
        ros_arguments: Iterable[Text] = (),
        **options: Any,
    ) -> None:
        super().__init__(name=name, **options)
        self.package, self.executable, self.namespace = package, executable, namespace
        self.parameters = list(parameters or ())
        self.remappings = list(remappings or ())
        self.arguments, self.ros_arguments = list(arguments or ()), list(ros_arguments or ())

    interrupt_later = True

    def process_name(self, context: LaunchContext, command: Sequence[str]) -> str:
        """Return the executable's name, as ``launch_ros`` does."""
        return perform(context, self.executable)

    def command(self, context: LaunchContext) -> list[str]:
        """Return the start of the node's entry point in this Python with its ROS arguments.

        Raises:
            LaunchError: if the package or the executable is not there, or a parameter file is missing.
        """
        package = find_package(perform(context, self.package))
        target = package.entry_point(perform(context, self.executable))
        ros = parameter_arguments(context, self.parameters)
        for source, goal in self.remappings:
            ros += ["-r", f"{perform(context, source)}:={perform(context, goal)}"]
        if self.name is not None:
            ros += ["-r", f"__node:={perform(context, self.name)}"]
        if namespace := self.node_namespace(context):
            ros += ["-r", f"__ns:={namespace}"]
        ros += [perform(context, argument) for argument in self.ros_arguments]
        plain = [perform(context, argument) for argument in self.arguments]
        start = [sys.executable, "-u", "-m", START_MODULE, str(package.folder), target]
        return [*start, *plain, "--ros-args", *ros]

    def node_namespace(self, context: LaunchContext) -> str:
        """Return the absolute namespace, or nothing for the root."""
        own = "" if self.namespace is None else perform(context, self.namespace)
        return names.join(names.namespace(context), own)


class LifecycleNode(Node):
    """A node with a life cycle.

    Args:
        name: of the node; required, because its services are addressed by it.
        namespace: as for ``Node``.
        autostart: configure and activate it as soon as it is there (``launch_ros`` 0.26.7 and later).
    """

    def __init__(self, *, name: Text, namespace: Text, autostart: bool = False, **options: Any) -> None:
        super().__init__(name=name, namespace=namespace, **options)
        self.autostart = autostart

    def execute(self, context: LaunchContext) -> None:
        """Start it, and bring it to its active state if asked for."""
        super().execute(context)
        if self.autostart:
            from hardware.ros2.launching.lifecycle import autostart

            assert self.name is not None
            full_name = f"{self.node_namespace(context)}/{perform(context, self.name)}"
            autostart(context.service, full_name)


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise LaunchError(f"a time-out is '{text}': expected seconds") from None
