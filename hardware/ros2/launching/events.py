"""Events of a launch and the handlers that answer them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from hardware.ros2.launching.context import Action, Entity, LaunchContext


@dataclass(frozen=True)
class Event:
    """Something that happened."""


@dataclass(frozen=True)
class Shutdown(Event):
    """The launch is to end."""

    reason: str = "reason not given"


@dataclass(frozen=True)
class ProcessStarted(Event):
    """A process runs."""

    action: Action
    process_name: str
    pid: int


@dataclass(frozen=True)
class ProcessExited(Event):
    """A process ended."""

    action: Action
    process_name: str
    pid: int
    returncode: int
    """Negative: the signal that ended it."""


class EventHandler:
    """Answers the events that ``matcher`` picks with entities."""

    def __init__(
        self,
        *,
        matcher: Callable[[Event], bool],
        entities: Iterable[Entity] | Entity | Callable[[Any, LaunchContext], Any] | None = None,
    ) -> None:
        self.matches = matcher
        self._entities = entities

    def handle(self, event: Event, context: LaunchContext) -> Sequence[Entity]:
        """Return the entities to visit."""
        answer = self._entities(event, context) if callable(self._entities) else self._entities
        if answer is None:
            return ()
        return [answer] if isinstance(answer, Entity) else list(answer)

    def sub_entities(self) -> Sequence[Entity]:
        """Return the entities known before any event."""
        if self._entities is None or callable(self._entities):
            return ()
        return [self._entities] if isinstance(self._entities, Entity) else list(self._entities)


class _OnAction(EventHandler):
    """A handler of one kind of event of one action, or of every action."""

    kind: type[Any] = Event

    def __init__(self, target_action: Any, entities: Any) -> None:
        kind = self.kind
        super().__init__(
            matcher=lambda event: isinstance(event, kind) and target_action in (None, event.action),
            entities=entities,
        )


class OnProcessStart(_OnAction):
    """Answers the start of a process."""

    kind = ProcessStarted

    def __init__(self, *, target_action: Action | None = None, on_start: Any) -> None:
        super().__init__(target_action, on_start)


class OnProcessExit(_OnAction):
    """Answers the end of a process."""

    kind = ProcessExited

    def __init__(self, *, target_action: Action | None = None, on_exit: Any) -> None:
        super().__init__(target_action, on_exit)


class OnShutdown(EventHandler):
    """Answers the beginning of the end."""

    def __init__(self, *, on_shutdown: Any) -> None:
        super().__init__(matcher=lambda event: isinstance(event, Shutdown), entities=on_shutdown)
