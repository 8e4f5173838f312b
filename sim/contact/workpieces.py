"""What the hand holds and where it belongs: geometry as data, in metres and kilograms.

An object is a body with its axis along its own z, up when it is at its goal, and its origin in its middle. A fixture's
frame lies in its upper face; its z is up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Fixture = Literal["plate", "socket", "nut", "mark"]
MAX_DIAMETER_M = 16e-3
"""The largest object; models are compiled with it, so that their bounding volumes hold every size."""


@dataclass(frozen=True)
class Workpiece:
    """An object and its fixture."""

    fixture: Fixture
    """``"plate"``: to stand on; ``"socket"``: a hole with flat bottom; ``"nut"``: a thread; ``"mark"``: a place in
    the air."""
    length_m: float
    """Of the object."""
    density_kg_m3: float
    goal_m: float
    """Height of the object's lower end above the fixture's face when it is at its goal."""
    grip_m: float
    """Middle of the object below the tool in the middle of the drawn range."""
    thread_m: float = 0.0
    """Radius of the thread of a bolt at the lower end; 0: none, the object is a cylinder."""
    bolt_m: float = 0.0
    """Length of that bolt; above it is a cylindrical grip."""
    lift_m: float = 0.0
    """Height of the fixture's face above the table, where it is lowest, beyond what it needs to stand."""


PEG_LENGTH_M = 0.05
"""Pegs of TacSL: 50 mm long, 4 to 16 mm thick."""
PLASTIC_KG_M3 = 1240.0
"""Polylactic acid, of which such pegs are printed (data sheets say 1210 to 1250)."""
STEEL_KG_M3 = 7850.0
HOLE_DEPTH_M = 8.9916e-3
"""Of TacSL's sockets (its public settings)."""
PEG_GRIP_M = 17.5e-3
"""So that fingertips, 16 mm below the tool, stay above the fixture wherever in the drawn range the peg is held."""

PLACED_PEG = Workpiece("plate", PEG_LENGTH_M, PLASTIC_KG_M3, goal_m=0.0, grip_m=PEG_GRIP_M)
INSERTED_PEG = Workpiece("socket", PEG_LENGTH_M, PLASTIC_KG_M3, goal_m=-HOLE_DEPTH_M, grip_m=PEG_GRIP_M)

THREAD_M = 8e-3
"""Of an M16 bolt; its pitch is MuJoCo's, 2.56 mm instead of 2."""
BOLT_M = THREAD_M / 0.26
"""With its head: MuJoCo's bolt, whose thread has 0.26 of its length as radius."""
BOLT_GRIP_M = 0.03
BOLT = Workpiece(
    "nut",
    BOLT_M + BOLT_GRIP_M,
    STEEL_KG_M3,
    goal_m=-3.3e-3,
    grip_m=0.016,
    thread_m=THREAD_M,
    bolt_m=BOLT_M,
    lift_m=6e-3,
)
"""Its goal is where the threads begin to carry it, 2 to 4.5 mm down, as it happens to be turned."""

BAR = Workpiece("mark", 0.1, STEEL_KG_M3, goal_m=0.0, grip_m=0.0, lift_m=0.09)
