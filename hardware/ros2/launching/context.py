"""What a launch description is made of: entities, substitutions and the context they are evaluated in.

Names and meaning are those of ROS 2's ``launch`` package (Jazzy), of which this folder offers the
part that our launch files use, so that the same files run under ``ros2 launch``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sim.errors import ConfigError

if TYPE_CHECKING:
    from hardware.ros2.launching.service import LaunchService


class LaunchError(ConfigError):
    """A launch file, an argument or a package that cannot be launched: nothing started."""


class Substitution:
    """Text that is known only when the launch runs."""

    def perform(self, context: LaunchContext) -> str:
        """Return the text."""
        raise NotImplementedError


Text = str | Substitution | Iterable[Any]
"""Text, a substitution, or a sequence of both that is joined."""


class LaunchContext:
    """Launch configurations (scoped) and the service that runs the launch."""

    def __init__(self, service: LaunchService) -> None:
        self.service = service
        self.launch_configurations: dict[str, str] = {}

    def perform_substitution(self, text: Text) -> str:
        """Return ``text`` with every substitution in it performed."""
        return perform(self, text)

    @contextmanager
    def scope(self) -> Iterator[None]:
        """Restore the launch configurations afterwards."""
        before = dict(self.launch_configurations)
        try:
            yield
        finally:
            self.launch_configurations.clear()
            self.launch_configurations.update(before)


class Condition:
    """Decides whether an action takes place."""

    def evaluate(self, context: LaunchContext) -> bool:
        """Return the decision."""
        raise NotImplementedError


class Entity:
    """Part of a launch description: ``visit`` does its work and returns what is to be visited next."""

    def visit(self, context: LaunchContext) -> Sequence[Entity] | None:
        """Do the work."""
        raise NotImplementedError

    def sub_entities(self, context: LaunchContext) -> Sequence[Entity]:
        """Return what this holds, to look for declared arguments before anything is done."""
        return ()


class Action(Entity):
    """An entity with a condition."""

    def __init__(self, *, condition: Condition | None = None) -> None:
        self.condition = condition

    def visit(self, context: LaunchContext) -> Sequence[Entity] | None:
        """Execute if the condition holds."""
        if self.condition is None or self.condition.evaluate(context):
            return self.execute(context)
        return None

    def execute(self, context: LaunchContext) -> Sequence[Entity] | None:
        """Do the work; return entities to visit next."""
        raise NotImplementedError


class LaunchDescription(Entity):
    """Entities in order; what ``generate_launch_description`` returns."""

    def __init__(self, initial_entities: Iterable[Entity] | None = None) -> None:
        self.entities: list[Entity] = list(initial_entities or ())

    def add_action(self, action: Action) -> None:
        """Append an action."""
        self.entities.append(action)

    add_entity = add_action

    def visit(self, context: LaunchContext) -> Sequence[Entity]:
        """Return the entities."""
        return self.entities

    def sub_entities(self, context: LaunchContext) -> Sequence[Entity]:
        """Return the entities."""
        return self.entities


def perform(context: LaunchContext, text: Text) -> str:
    """Return ``text`` with every substitution in it performed."""
    if isinstance(text, str):
        return text
    if isinstance(text, Substitution):
        return text.perform(context)
    if isinstance(text, Iterable):
        return "".join(perform(context, part) for part in text)
    return str(text)  # pathlib.Path and the like


def visit_all(entities: Iterable[Entity], context: LaunchContext) -> None:
    """Visit entities in order, each with all that follows from it."""
    for entity in entities:
        visit_all(entity.visit(context) or (), context)
