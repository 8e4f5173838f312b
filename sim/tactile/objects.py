"""Objects to press on a pad, by name: a shape, and how a hand holds it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sim.registry import require_known
from sim.tactile.shapes import Shape, Surface, rotation

_HALF = math.sqrt(0.5)


@dataclass(frozen=True)
class Held:
    """An object in a hand.

    Attributes:
        shape: what it is.
        quaternion: its orientation in the pad frame, wxyz.
    """

    shape: Surface
    quaternion: tuple[float, float, float, float] = (1.0, 0.0, 0.0, 0.0)

    @property
    def clearance_m(self) -> float:
        """Height of its origin at which it just touches the gel: its extent downwards, m."""
        return self.shape.extent_down(-rotation(self.quaternion)[2])


OBJECTS: dict[str, Held] = {
    "ball": Held(Shape("sphere", (4e-3,))),  # balls of 2 to 4 mm are what pads are commonly calibrated with
    "peg": Held(Shape("cylinder", (4e-3, 25e-3)), (_HALF, 0.0, _HALF, 0.0)),  # TacSL: 4-16 mm thick, 50 mm long; lying
    "stamp": Held(Shape("cylinder", (3e-3, 10e-3))),  # the same, standing
    "pen": Held(Shape("capsule", (3e-3, 5e-3)), (math.cos(0.6), 0.0, math.sin(0.6), 0.0)),  # oblique
    "brick": Held(Shape("box", (6e-3, 4e-3, 4e-3)), (math.cos(0.2), 0.0, 0.0, math.sin(0.2))),
    "edge": Held(Shape("box", (4e-3, 8e-3, 4e-3)), (math.cos(math.pi / 8), 0.0, math.sin(math.pi / 8), 0.0)),
    "table": Held(Shape("plane"), (0.0, 1.0, 0.0, 0.0)),
}
"""Objects by name."""


def load_object(name: str) -> Held:
    """Return an object by name.

    Raises:
        ConfigError: for an unknown name, with the valid ones.
    """
    require_known(name, OBJECTS, "object")
    return OBJECTS[name]
