"""The force field's law once more, in float64 numpy, every taxel of every pad: slow, and without any cleverness."""

import numpy as np

from sim.tactile.kernels.distance import distances
from sim.tactile.kernels.octree import Forest
from sim.tactile.mesh import Mesh
from sim.tactile.shapes import Shape, pack, rotation
from sim.tactile.stiffness import SHEAR_RATIO


def signed(shape, points):
    """Distances and gradients of points, (n, 3), in the shape's own frame."""
    distance, gradient, packed = np.empty(len(points)), np.empty((len(points), 3)), pack([shape])
    sizes, points = packed.sizes[0].astype(float), np.ascontiguousarray(points, dtype=float)
    distances(packed.kinds[0], sizes, Forest(*packed.forest), points, distance, gradient)
    return distance, gradient


def prism(sides, radius, half):
    """A closed prism along z: vertices and triangles."""
    angle = 2 * np.pi * np.arange(sides) / sides
    ring = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    vertices = [[x, y, z] for z in (-half, half) for x, y in ring] + [[0, 0, -half], [0, 0, half]]
    triangles = []
    for i in range(sides):
        j = (i + 1) % sides
        triangles += [[i, j, sides + i], [j, sides + j, sides + i]]
        triangles += [[2 * sides, j, i], [2 * sides + 1, sides + i, sides + j]]
    return np.array(vertices), np.array(triangles)


def zoo():
    """One of every kind of surface, all about the size of a finger tip."""
    return {
        "sphere": Shape("sphere", (5e-3,)),
        "box": Shape("box", (6e-3, 4e-3, 3e-3)),
        "cylinder": Shape("cylinder", (4e-3, 6e-3)),
        "capsule": Shape("capsule", (3e-3, 5e-3)),
        "plane": Shape("plane"),
        "mesh": Mesh.from_triangles("prism", *prism(6, 5e-3, 4e-3), depth=4),
    }


def random_motion(random, pads, objects, steps, reach=6e-3):
    """Poses and velocities of objects that wander about the pads: a list of ``step``'s arguments."""
    places = random.uniform([-reach, -reach, 0.0], [reach, reach, 4e-3], (pads, objects, 3))
    turns = random.normal(size=(pads, objects, 4))
    moves = []
    for _ in range(steps):
        places = places + random.normal(size=places.shape) * 3e-4
        turns = turns + random.normal(size=turns.shape) * 0.02
        turns /= np.linalg.norm(turns, axis=-1, keepdims=True)
        moves.append((places, turns, random.normal(size=places.shape) * 0.01, random.normal(size=places.shape) * 0.5))
    return moves


class PlainField:
    def __init__(self, pad, objects, pads, stiffness):
        self.pad, self.objects = pad, objects
        self.taxels = pad.taxels.positions.astype(float)
        self.k = stiffness * pad.taxels.area_m2
        self.anchors = np.zeros((pads, len(objects), len(self.taxels), 3))
        self.touching = np.zeros((pads, len(objects), len(self.taxels)), bool)

    def step(self, positions, quaternions, velocities, spins, dt):
        pads, count = len(self.anchors), len(self.taxels)
        self.depth, self.force = np.zeros((pads, count)), np.zeros((pads, count, 3))
        for p in range(pads):
            for o, shape in enumerate(self.objects):
                turn = rotation(quaternions[p, o])
                offset = self.taxels - positions[p, o]
                s, gradient = signed(shape, offset @ turn)
                normal = gradient @ turn.T
                self._press(p, o, s, normal, offset, velocities[p, o], spins[p, o], dt)

    def _press(self, p, o, s, normal, offset, velocity, spin, dt):
        gel, inside = self.pad.gel, s < 0.0
        surface = offset - s[:, None] * normal
        speed = velocity + np.cross(spin, surface)
        into = (speed * normal).sum(axis=1)
        press = np.maximum(self.k * (1.0 + gel.damping_s_m * into), 0.0) * -s
        slide = speed - into[:, None] * normal
        u = self.anchors[p, o] + self.touching[p, o][:, None] * slide * dt
        u -= (u * normal).sum(axis=1, keepdims=True) * normal
        shear = SHEAR_RATIO * self.k * (u + gel.relaxation_s * slide)
        size, limit = np.linalg.norm(shear, axis=1), gel.friction * press
        slips = size > limit
        shear[slips] *= (limit[slips] / size[slips])[:, None]
        u[slips] = shear[slips] / (SHEAR_RATIO * self.k)
        self.anchors[p, o] = np.where(inside[:, None], u, 0.0)
        self.touching[p, o] = inside
        self.force[p] += np.where(inside[:, None], press[:, None] * normal + shear, 0.0)
        self.depth[p] = np.maximum(self.depth[p], np.where(inside, -s, 0.0))
