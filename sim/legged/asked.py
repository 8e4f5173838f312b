"""What a task asks of a body beside a velocity, as an interface: what to see of it, what it writes at every step.

A ``Command`` is data of a task (``sim.legged.hand.HandCommand``); the ``CommandSource`` that it makes belongs to one
environment and writes what is asked for into the ``BodyState``, where terms read it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Protocol

from numpy.typing import NDArray

from sim.spec import JointParameters, ObservationTerm

if TYPE_CHECKING:
    from sim.legged.world import LeggedWorld  # (which imports tasks, and they this)


class CommandSource(Protocol):
    """What is asked of many simulations."""

    def begin(self, ids: NDArray, episodes: NDArray) -> None:
        """Ask for something in new episodes, whose world is reset and read already.

        Args:
            ids: of the simulations; (n,).
            episodes: number of the episode in each of these; (n,).
        """
        ...

    def follow(self, age: NDArray, episodes: NDArray) -> None:
        """Bring what is asked for up to date, everywhere, after the world has been read.

        Args:
            age: steps since each episode began; (n,).
            episodes: number of the episode in each; (n,).
        """
        ...

    def errors(self) -> Mapping[str, NDArray]:
        """Return by how much each simulation misses what is asked for now, by names with units; (n,) each."""
        ...


class Command(Protocol):
    """What is asked for, as data of a task."""

    centre_term: ClassVar[str | None]
    """Observation that joint targets are counted from, (n, J) rad; ``None``: this command leaves them alone."""

    def sites(self, parameters: JointParameters) -> tuple[str, ...]:
        """Return the sites whose motion in the base's frame is to be read (``LeggedWorld.site``)."""
        ...

    def actor_terms(self, parameters: JointParameters) -> tuple[ObservationTerm, ...]:
        """Return what the actor sees of it."""
        ...

    def critic_terms(self, parameters: JointParameters) -> tuple[ObservationTerm, ...]:
        """Return what the critic sees of it, beside the actor's."""
        ...

    def error_weights(self) -> Mapping[str, float]:
        """Return what an error of one costs in the score by which weights are chosen, by ``CommandSource.errors``."""
        ...

    def source(self, world: LeggedWorld, seed: int) -> CommandSource:
        """Return what asks for it in a world.

        Args:
            world: whose ``state`` it writes into.
            seed: of all draws.

        Raises:
            ConfigError: if the robot cannot be asked for it.
        """
        ...
