"""Actions of ``launch`` that start no process: arguments, groups, includes, timers, events."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from hardware.ros2.launching import events
from hardware.ros2.launching.context import Action, Entity, LaunchContext, LaunchError, Text, perform, visit_all
from hardware.ros2.launching.source import PythonLaunchDescriptionSource
from sim.errors import Sim2MetalError


class DeclareLaunchArgument(Action):
    """An argument of the launch file, ``name:=value`` on the command line."""

    def __init__(
        self,
        name: str,
        *,
        default_value: Text | None = None,
        description: str | None = None,
        choices: Sequence[str] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.name = name
        self.default_value = default_value
        self.description = description or "no description given"
        self.choices = None if choices is None else list(choices)

    def execute(self, context: LaunchContext) -> None:
        """Give the argument its default unless it has a value.

        Raises:
            LaunchError: if it has neither.
        """
        if self.name not in context.launch_configurations:
            if self.default_value is None:
                raise LaunchError(f"launch argument '{self.name}' is required: add {self.name}:=VALUE")
            context.launch_configurations[self.name] = perform(context, self.default_value)
        self.check(context.launch_configurations[self.name])

    def check(self, value: str) -> None:
        """Refuse a value that is none of the choices.

        Raises:
            LaunchError: with the choices.
        """
        if self.choices is not None and value not in self.choices:
            raise LaunchError(f"{self.name}:={value}: choose one of {', '.join(self.choices)}")


class SetLaunchConfiguration(Action):
    """Sets a launch configuration."""

    def __init__(self, name: Text, value: Text, **options: Any) -> None:
        super().__init__(**options)
        self.name, self.value = name, value

    def execute(self, context: LaunchContext) -> None:
        """Set it."""
        context.launch_configurations[perform(context, self.name)] = perform(context, self.value)


class GroupAction(Action):
    """Actions that share a scope: configurations and namespace end with it."""

    def __init__(self, actions: Iterable[Action], *, scoped: bool = True, **options: Any) -> None:
        super().__init__(**options)
        self.actions = list(actions)
        self.scoped = scoped

    def sub_entities(self, context: LaunchContext) -> Sequence[Entity]:
        """Return the actions."""
        return self.actions

    def execute(self, context: LaunchContext) -> Sequence[Entity] | None:
        """Execute the actions."""
        if not self.scoped:
            return self.actions
        with context.scope():
            visit_all(self.actions, context)
        return None


class IncludeLaunchDescription(Action):
    """Another launch file, with arguments."""

    def __init__(
        self,
        launch_description_source: PythonLaunchDescriptionSource | Text,
        *,
        launch_arguments: Iterable[tuple[Text, Text]] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        given = launch_description_source
        self.source = (
            given if isinstance(given, PythonLaunchDescriptionSource) else PythonLaunchDescriptionSource(given)
        )
        self.launch_arguments = list(launch_arguments or ())

    def execute(self, context: LaunchContext) -> Sequence[Entity]:
        """Set the arguments and return the other file's description."""
        for name, value in self.launch_arguments:
            context.launch_configurations[perform(context, name)] = perform(context, value)
        return [self.source.get_launch_description(context)]


class OpaqueFunction(Action):
    """A Python function of the context that returns entities."""

    def __init__(
        self, *, function: Callable[..., Any], args: Iterable[Any] = (), kwargs: dict[str, Any] | None = None,
        **options: Any,
    ) -> None:  # fmt: skip
        super().__init__(**options)
        self.function, self.args, self.kwargs = function, tuple(args), dict(kwargs or {})

    def execute(self, context: LaunchContext) -> Sequence[Entity] | None:
        """Call it.

        Raises:
            LaunchError: if it fails, with its reason.
        """
        try:
            return self.function(context, *self.args, **self.kwargs)
        except Sim2MetalError:
            raise
        except Exception as error:
            raise LaunchError(f"the launch file failed: {error or type(error).__name__}") from error


class LogInfo(Action):
    """A line for the user."""

    def __init__(self, *, msg: Text, **options: Any) -> None:
        super().__init__(**options)
        self.msg = msg

    def execute(self, context: LaunchContext) -> None:
        """Print it."""
        context.service.say(perform(context, self.msg))


class TimerAction(Action):
    """Actions after a time, s."""

    def __init__(self, *, period: float | Text, actions: Iterable[Entity], **options: Any) -> None:
        super().__init__(**options)
        self.period, self.actions = period, list(actions)

    def execute(self, context: LaunchContext) -> None:
        """Start the timer.

        Raises:
            LaunchError: if the period is not a number.
        """
        text = str(self.period) if isinstance(self.period, float | int) else perform(context, self.period)
        try:
            delay_s = float(text)
        except ValueError:
            raise LaunchError(f"the period of a timer is '{text}': expected seconds") from None
        context.service.after(delay_s, lambda: visit_all(self.actions, context))


class RegisterEventHandler(Action):
    """Answers events from now on."""

    def __init__(self, event_handler: events.EventHandler, **options: Any) -> None:
        super().__init__(**options)
        self.event_handler = event_handler

    def sub_entities(self, context: LaunchContext) -> Sequence[Entity]:
        """Return what the handler will visit."""
        return self.event_handler.sub_entities()

    def execute(self, context: LaunchContext) -> None:
        """Register."""
        context.service.handlers.append(self.event_handler)


class EmitEvent(Action):
    """Makes an event happen."""

    def __init__(self, *, event: events.Event, **options: Any) -> None:
        super().__init__(**options)
        self.event = event

    def execute(self, context: LaunchContext) -> None:
        """Emit it."""
        context.service.emit(self.event)


class Shutdown(EmitEvent):
    """Ends the launch; as ``on_exit`` of a node it makes the node a required one."""

    def __init__(self, *, reason: str = "reason not given", **options: Any) -> None:
        super().__init__(event=events.Shutdown(reason), **options)
