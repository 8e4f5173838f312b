"""Fixtures as geoms of a mocap body: a plate, an eight-sided hole, a thread, a mark."""

from __future__ import annotations

import math

import mujoco
import numpy as np
from numpy.typing import NDArray

from sim.contact.thread import add_threaded
from sim.contact.workpieces import HOLE_DEPTH_M, MAX_DIAMETER_M, Workpiece

BODY = "fixture"
CONTYPE, CONAFFINITY = 0, 5
"""Objects have contype 1, fingers 4; neither collides with its own kind, nor with each other: the gel is between."""
BASE_M = 0.012
"""Height of a fixture's face over the table at its lowest: TacSL's sockets stand at 0.01 m, holes are 9 mm deep."""
_WALLS = 8
_WALL_M = 10e-3
_FLOOR_M = 5e-3
_PLATE_M = 30e-3
_CLEARANCE_M = 1e-3
SOLREF, SOLIMP = (0.005, 1.0), (0.98, 0.999, 2e-4, 0.5, 2.0)
"""Stiff: time constant of twice the step and a little more, the least that MuJoCo allows; light objects would sink in
half a millimetre with MuJoCo's own impedance of at most 0.95."""


def add_fixture(spec: mujoco.MjSpec, workpiece: Workpiece) -> None:
    """Add the fixture's body, its face at the body's origin."""
    body = spec.worldbody.add_body(name=BODY, mocap=True, pos=(0.5, 0.0, BASE_M))
    box = mujoco.mjtGeom.mjGEOM_BOX
    colour = {
        "rgba": (0.45, 0.55, 0.62, 1.0),
        "contype": CONTYPE,
        "conaffinity": CONAFFINITY,
        "solref": SOLREF,
        "solimp": SOLIMP,
    }
    if workpiece.fixture == "plate":
        body.add_geom(type=box, size=(_PLATE_M, _PLATE_M, _PLATE_M), pos=(0, 0, -_PLATE_M), **colour)
    elif workpiece.fixture == "socket":
        floor = -HOLE_DEPTH_M - _FLOOR_M
        body.add_geom(type=box, size=(_PLATE_M, _PLATE_M, _FLOOR_M), pos=(0, 0, floor), **colour)
        places, turns = wall_places(np.array([MAX_DIAMETER_M + _CLEARANCE_M]))
        apothem = 0.5 * (MAX_DIAMETER_M + _CLEARANCE_M)
        along = (apothem + _WALL_M) * math.tan(math.pi / _WALLS)
        size = (_WALL_M / 2, along, HOLE_DEPTH_M / 2)
        for number, (place, turn) in enumerate(zip(places[0], turns)):
            quaternion = (math.cos(turn / 2), 0.0, 0.0, math.sin(turn / 2))
            body.add_geom(name=wall_name(number), type=box, size=size, pos=place, quat=quaternion, **colour)
    elif workpiece.fixture == "nut":
        add_threaded(spec, body, "nut", workpiece.thread_m, **colour)
    elif workpiece.fixture == "mark":
        mark = mujoco.mjtGeom.mjGEOM_CYLINDER
        body.add_geom(type=mark, size=(0.01, 5e-4, 0), contype=0, conaffinity=0, rgba=(0.2, 0.7, 0.3, 0.5))


def wall_name(number: int) -> str:
    """Return the name of a wall of a socket."""
    return f"wall{number}"


def wall_places(hole_m: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return where the walls of eight-sided holes are.

    The walls' inner faces touch a circle of the given diameter. Each fills only what is beyond its own face, so
    however long they are they do not reach into the hole.

    Args:
        hole_m: inner diameter, m; (n,).

    Returns:
        Places in the fixture, m, (n, walls, 3), and their turns about z, rad, (walls,).
    """
    turns = np.linspace(0.0, 2.0 * math.pi, _WALLS, endpoint=False)
    out = np.asarray(hole_m, float)[:, None] / 2.0 + _WALL_M / 2.0
    flat = out[..., None] * np.stack([np.cos(turns), np.sin(turns)], axis=-1)
    return np.concatenate([flat, np.full((*out.shape[:1], _WALLS, 1), -HOLE_DEPTH_M / 2.0)], axis=-1), turns
