"""Objects that touch: five shapes with exact signed distances, and meshes (``mesh.py``).

Sizes are MuJoCo's ``geom_size`` conventions (radius; half sizes; radius and half length), a plane's surface is its
local xy plane with z outward, so a shape and a geom of a MuJoCo model mean the same thing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim.errors import ConfigError
from sim.tactile.mesh import Mesh

KINDS = {"sphere": 0, "box": 1, "cylinder": 2, "capsule": 3, "plane": 4}
"""Kind -> the number by which ``kernels`` call it."""
FIRST_MESH = len(KINDS)
"""Number of the first of a scene's meshes."""
SIZES = {"sphere": 1, "box": 3, "cylinder": 2, "capsule": 2, "plane": 0}
"""Kind -> how many lengths it has."""


@dataclass(frozen=True)
class Shape:
    """A primitive.

    Attributes:
        kind: one of ``KINDS``.
        size: its lengths, m: sphere (radius), box (half sizes x, y, z), cylinder and capsule (radius, half length
            along its z), plane ().
    """

    kind: str
    size: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ConfigError(f"unknown shape '{self.kind}'; choose one of: {', '.join(KINDS)}")
        if len(self.size) != SIZES[self.kind]:
            raise ConfigError(f"a {self.kind} has {SIZES[self.kind]} lengths, not {len(self.size)}")
        if not all(math.isfinite(length) and length > 0.0 for length in self.size):
            raise ConfigError(f"the lengths of a {self.kind} must be positive, not {self.size}")

    @property
    def code(self) -> int:
        """Number of the kind."""
        return KINDS[self.kind]

    @property
    def padded_size(self) -> tuple[float, float, float]:
        """Three lengths, those it has not are 0."""
        a, b, c = (*self.size, 0.0, 0.0, 0.0)[:3]
        return a, b, c

    def extent_down(self, down: npt.ArrayLike) -> float:
        """Return how far it reaches along a direction of its own frame, m; 0 for a plane; ``down``: (3,)."""
        x, y, z = (abs(float(part)) for part in np.asarray(down))
        a, b, c = self.padded_size
        if self.kind == "box":
            return a * x + b * y + c * z
        if self.kind == "cylinder":
            return a * math.sqrt(max(1.0 - z * z, 0.0)) + b * z
        return a + b * z  # ball, capsule


Surface = Shape | Mesh
"""What can touch a pad."""


@dataclass(frozen=True)
class PackedSurfaces:
    """Objects as the kernels take them.

    Attributes:
        kinds: number of each, ``KINDS`` or ``FIRST_MESH`` and following for meshes, -1 for none; (objects,).
        sizes: lengths, m, of a mesh half its box; (objects, 3).
        roots: the meshes' octrees, see ``kernels.octree.Forest``.
        boxes: likewise.
        children: likewise.
        corners: likewise.
    """

    kinds: npt.NDArray[np.int32]
    sizes: npt.NDArray[np.float32]
    roots: npt.NDArray[np.int32]
    boxes: npt.NDArray[np.float32]
    children: npt.NDArray[np.int32]
    corners: npt.NDArray[np.float32]

    @property
    def forest(self) -> tuple[npt.NDArray, ...]:
        """The octrees in the order of ``kernels.octree.Forest``."""
        return self.roots, self.boxes, self.children, self.corners


def per_object(values: npt.ArrayLike, batch: tuple[int, int], width: int) -> npt.NDArray[np.float64]:
    """Return numbers as (pads, objects, width).

    Args:
        values: so many numbers.
        batch: pads and objects.
        width: numbers for each object.

    Raises:
        ConfigError: for another number of them.
    """
    numbers, (pads, objects) = np.ascontiguousarray(values, dtype=np.float64), batch
    if numbers.size != pads * objects * width:
        raise ConfigError(f"{objects} objects over {pads} pads need {(pads, objects, width)}, not {numbers.shape}")
    return numbers.reshape(pads, objects, width)


def checked_sizes(sizes: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return lengths, m, as numbers.

    Raises:
        ConfigError: if one is negative or no number.
    """
    numbers = np.asarray(sizes, dtype=np.float64)
    if not (numbers >= 0.0).all():
        raise ConfigError("the lengths of an object must be numbers that are not negative")
    return numbers


def pack(objects: Sequence[Surface | None]) -> PackedSurfaces:
    """Return objects as the kernels take them; the same mesh twice is stored once."""
    meshes = list(dict.fromkeys(o for o in objects if isinstance(o, Mesh)))
    counts = [len(mesh.children) for mesh in meshes]
    roots = np.cumsum([0, *counts])[:-1] if meshes else np.zeros(0)
    kinds, sizes = np.full(len(objects), -1, np.int32), np.zeros((len(objects), 3), np.float32)
    for index, surface in enumerate(objects):
        if isinstance(surface, Mesh):
            kinds[index], sizes[index] = FIRST_MESH + meshes.index(surface), surface.box[3:]
        elif surface is not None:
            kinds[index], sizes[index] = surface.code, surface.padded_size
    children = [np.where(mesh.children < 0, -1, mesh.children + root) for mesh, root in zip(meshes, roots)]
    return PackedSurfaces(
        kinds,
        sizes,
        roots.astype(np.int32),
        np.array([mesh.box for mesh in meshes], np.float32).reshape(-1, 6),
        np.concatenate(children, dtype=np.int32) if meshes else np.zeros((0, 8), np.int32),
        np.concatenate([mesh.corners for mesh in meshes]) if meshes else np.zeros((0, 8), np.float32),
    )


def pack_triangles(
    objects: Sequence[Surface | None],
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    """Return the surfaces of the meshes as ``kernels.height`` takes them, numbered as by ``pack``.

    Returns:
        Vertices, m, (vertices, 3), triangles, (triangles, 3), and the first triangle of each mesh, (meshes + 1,).
    """
    meshes = list(dict.fromkeys(o for o in objects if isinstance(o, Mesh)))
    if not meshes:
        return np.zeros((0, 3), np.float32), np.zeros((0, 3), np.int32), np.zeros(1, np.int64)
    starts = np.cumsum([0, *(len(mesh.vertices) for mesh in meshes)])
    triangles = [mesh.triangles + np.int32(start) for mesh, start in zip(meshes, starts)]
    firsts = np.cumsum([0, *(len(part) for part in triangles)]).astype(np.int64)
    return np.concatenate([mesh.vertices for mesh in meshes]), np.concatenate(triangles), firsts


def rotation(wxyz: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return rotation matrices, (..., 3, 3), of unit quaternions, (..., 4) wxyz."""
    quaternions = np.asarray(wxyz, dtype=np.float64)
    w, x, y, z = (quaternions[..., part] for part in range(4))
    matrices = np.empty((*quaternions.shape[:-1], 3, 3))
    matrices[..., 0, 0], matrices[..., 0, 1] = 1 - 2 * (y * y + z * z), 2 * (x * y - w * z)
    matrices[..., 0, 2], matrices[..., 1, 0] = 2 * (x * z + w * y), 2 * (x * y + w * z)
    matrices[..., 1, 1], matrices[..., 1, 2] = 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)
    matrices[..., 2, 0], matrices[..., 2, 1] = 2 * (x * z - w * y), 2 * (y * z + w * x)
    matrices[..., 2, 2] = 1 - 2 * (x * x + y * y)
    return matrices
