"""One frame of motion capture: rigid bodies with their poses, in SI units, world frame z up, quaternions wxyz.

Systems that work with y up are turned here, so that nothing behind a source knows of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

UpAxis = Literal["y", "z"]


class MalformedFrameError(ValueError):
    """Bytes that are no frame: too short, too long, or with a number that cannot be; one line."""


@dataclass(frozen=True, slots=True)
class RigidBody:
    """One body's pose, as received: not yet checked."""

    name: str
    position_w: tuple[float, ...]
    """(3,) m"""
    orientation_wxyz: tuple[float, ...]
    """(4,) quaternion, world<-body."""


@dataclass(frozen=True, slots=True)
class MocapFrame:
    """The bodies that the system saw at one moment; one that it did not see is not in it."""

    received_ns: int
    """Arrival, host monotonic."""
    bodies: tuple[RigidBody, ...]
    number: int | None = None
    """Counts the system's frames, where the protocol carries it."""
    time_s: float | None = None
    """The system's own time of the frame, where the protocol carries it; only differences mean something."""


def turned_up(body: RigidBody, up: UpAxis) -> RigidBody:
    """Return the body in a world with z up.

    A world with y up is turned by +90 degrees about x: its y becomes z, its z becomes -y. The body's own
    axes turn along, so that a body that was made level with the world is level in the new one, too.

    Args:
        body: as the system sent it.
        up: the system's vertical axis.
    """
    if up == "z":
        return body
    w, *axis = body.orientation_wxyz
    return RigidBody(body.name, _y_to_z(body.position_w), (w, *_y_to_z(axis)))


def _y_to_z(vector: Sequence[float]) -> tuple[float, ...]:
    x, y, z = vector
    return x, -z, y
