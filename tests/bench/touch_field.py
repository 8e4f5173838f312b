"""The force field: pad-frames per CPU-second, one thread, shear and memory on, every pad touched otherwise.

``field.pad_frames_per_cpu_s`` is the slowest of the primitives, each alone on every pad; then come scenes with three
objects and with a mesh. Objects move from step to step, so that taxels touch and let go all the time. On a GPU, where
there is one, the figure is of wall time between two synchronisations, the poses' way to the device included.
"""

import time
from typing import Any

import numpy as np

from tests.bench.kernel import best_cpu_seconds

PADS, STEPS = 1024, 8
PRIMITIVES = ("ball", "peg", "stamp", "pen", "brick", "edge", "table")
THREE = ("peg", "brick", "ball")
DEEPEST_M = 6e-4
"""Presses are between a sixth of this and this deep: 0.1 to 3 N for a ball."""


MORE = 4
"""Times as many timings as elsewhere: what 1024 pads remember goes through a cache that others on the host use, too."""


def measure(repeats: int = 3) -> dict[str, Any]:
    """Return the field's figures, the best of 4 ``repeats`` timings each; the shares say how much was touched."""
    from sim.tactile.objects import load_object

    repeats *= MORE
    held = {name: [load_object(name)] for name in PRIMITIVES}
    rates = {name: _rate(objects, repeats) for name, objects in held.items()}
    pegs, three = held["peg"], _rate([load_object(name) for name in THREE], repeats)
    mesh = _rate([_nut()], repeats)
    return {
        "field.pad_frames_per_cpu_s": min(rate for rate, _ in rates.values()),
        **{f"field.pad_frames_per_cpu_s_{name}": rate for name, (rate, _) in rates.items()},
        "field.pad_frames_per_cpu_s_three_objects": three[0],
        "field.pad_frames_per_cpu_s_mesh": mesh[0],
        "field.taxels_touching": {name: share for name, (_, share) in rates.items()},
        "field.pads": PADS,
        "field.taxels": 500,
        "field.gpu_pad_frames_per_s": _gpu_rate(pegs, repeats),
    }


def _rate(held: list, repeats: int) -> tuple[float, float]:
    """Return pad-frames per CPU-second and the share of taxels that touch."""
    from sim.tactile.field import ForceField
    from sim.tactile.pads import load_pad

    field = ForceField(load_pad("gelsight_mini"), [one.shape for one in held], PADS)
    moves = _moves(held)

    def steps() -> None:
        for move in moves:
            field.step(*move, 0.005)
            field.wrench()

    steps()
    return PADS * len(moves) / best_cpu_seconds(steps, repeats), float((field.depth > 0.0).mean())


def _gpu_rate(held: list, repeats: int) -> float | None:
    """Return pad-frames per second on a GPU; none without one."""
    from sim.errors import ConfigError
    from sim.tactile.pads import load_pad

    try:
        from sim.tactile.warp_field import WarpForceField
    except ConfigError:
        return None
    field = WarpForceField(load_pad("gelsight_mini"), [one.shape for one in held], PADS)
    if field.device == "cpu":
        return None
    moves, best = _moves(held), np.inf
    for _ in range(repeats + 1):  # the first compiles
        field.wait()
        start = time.perf_counter()
        for move in moves:
            field.step(*move, 0.005)
        field.wait()
        best = min(best, time.perf_counter() - start)
    return PADS * len(moves) / best


def _moves(held: list) -> list[tuple[np.ndarray, ...]]:
    random = np.random.default_rng(0)
    shape = (PADS, len(held), 3)
    lifts = np.array([one.clearance_m for one in held])[:, None] * (0.0, 0.0, 1.0)
    low, high = (-5e-3, -5e-3, -DEEPEST_M), (5e-3, 5e-3, -DEEPEST_M / 6.0)
    places, turns = random.uniform(low, high, shape) + lifts, np.array([one.quaternion for one in held])
    moves = []
    for _ in range(STEPS):
        places = places + random.normal(size=shape) * (1e-4, 1e-4, 0.0)
        quaternions = np.tile(turns, (PADS, 1, 1))
        moves.append((places, quaternions, random.normal(size=shape) * 0.02, random.normal(size=shape) * 0.1))
    return moves


def _nut() -> Any:
    """A ring as a mesh, lying on its side: 8 mm wide, with a hole of 5 mm."""
    from sim.tactile.mesh import Mesh
    from sim.tactile.objects import Held

    angle = 2 * np.pi * np.arange(24) / 24
    ring = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    corners = [(4e-3, -3e-3), (4e-3, 3e-3), (2.5e-3, 3e-3), (2.5e-3, -3e-3)]
    vertices = np.array([[*(radius * way), z] for radius, z in corners for way in ring])
    triangles = []
    for i in range(24):
        j = (i + 1) % 24
        for side in range(4):
            a, b = 24 * side, 24 * ((side + 1) % 4)
            triangles += [[a + i, a + j, b + i], [a + j, b + j, b + i]]
    mesh = Mesh.from_triangles("nut", vertices, triangles)
    return Held(mesh, (np.sqrt(0.5), np.sqrt(0.5), 0.0, 0.0))
