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


FAR_M = 10.0
"""From every point inside this far out of any surface, but for a plane that looks away."""


def way_out(shape, points, into):
    """How far points inside are from the surface along a direction, and its normal there; 0 outside. By bisection."""
    inside = (signed(shape, points)[0] < 0.0) & (signed(shape, points + FAR_M * into)[0] >= 0.0)
    near, far = np.zeros(inside.sum()), np.full(inside.sum(), FAR_M)
    for _ in range(40):
        middle = 0.5 * (near + far)
        within = signed(shape, points[inside] + middle[:, None] * into)[0] < 0.0
        near, far = np.where(within, middle, near), np.where(within, far, middle)
    depth, normal = np.zeros(len(points)), np.zeros((len(points), 3))
    depth[inside] = far
    normal[inside] = signed(shape, points[inside] + (far + 1e-9)[:, None] * into)[1]  # (just outside of the surface)
    return depth, normal, inside


class PlainField:
    def __init__(self, pad, objects, pads, stiffness):
        self.pad, self.objects = pad, objects
        self.taxels = pad.taxels.positions.astype(float)
        self.k = stiffness * pad.taxels.area_m2
        self.tips = np.zeros((pads, len(objects), len(self.taxels), 3))
        self.touching = np.zeros((pads, len(objects), len(self.taxels)), bool)

    def step(self, positions, quaternions, velocities, spins, dt):
        pads, count = len(self.tips), len(self.taxels)
        self.depth, self.force, self.torque = np.zeros((pads, count)), np.zeros((pads, count, 3)), np.zeros((pads, 3))
        for p in range(pads):
            for o, shape in enumerate(self.objects):
                turn, place = rotation(quaternions[p, o]), positions[p, o]
                self._press(p, o, shape, turn, place, velocities[p, o], spins[p, o], dt)

    def _press(self, p, o, shape, turn, place, velocity, spin, dt):
        gel, tip, held = self.pad.gel, self.tips[p, o], self.touching[p, o][:, None]
        shear = SHEAR_RATIO * self.k
        moved = tip + held * dt * (velocity + np.cross(spin, self.taxels + tip - place))
        u = moved * (1.0, 1.0, 0.0)
        into = np.array([0.0, 0.0, -1.0]) @ turn
        depth, normal, inside = way_out(shape, (self.taxels + u - place) @ turn, into)
        depth = np.minimum(depth, gel.thickness_m)
        normal, down = normal @ turn.T, np.array([0.0, 0.0, 1.0]) * -depth[:, None]
        speed = velocity + np.cross(spin, self.taxels + u + down - place)
        stuck = shear * (u + gel.relaxation_s * speed)
        stuck[:, 2] = -np.maximum(self.k * (1.0 - gel.damping_s_m * speed[:, 2]), 0.0) * depth
        along = (stuck * normal).sum(axis=1, keepdims=True)
        press, rest = np.maximum(along, 0.0), stuck - along * normal
        size, limit = np.linalg.norm(rest, axis=1, keepdims=True), gel.friction * press
        slips = size > limit
        force = press * normal + np.where(slips, rest * limit / np.maximum(size, 1e-30), rest)
        u = np.where(slips, force / shear, u) * (1.0, 1.0, 0.0)
        self.tips[p, o], self.touching[p, o] = np.where(inside[:, None], u + down, 0.0), inside
        force = np.where(inside[:, None], force, 0.0)
        self.force[p] += force
        self.torque[p] += np.cross(self.taxels + self.tips[p, o], force).sum(axis=0)
        self.depth[p] = np.maximum(self.depth[p], depth)
