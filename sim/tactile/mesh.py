"""Meshes as objects: the signed distance that MuJoCo compiles into an octree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sim.errors import ConfigError

if TYPE_CHECKING:
    import mujoco

Array = npt.NDArray[np.float32]
_UPPER = np.arange(8)[:, None] >> np.arange(3) & 1
"""Whether child or corner ``k`` of a node lies on the upper side of x, y, z; (8, 3)."""
_MOST_LEVELS = 20
"""Places are counted in the smallest cells of so deep a tree; MuJoCo's have six levels, or a few more."""


@dataclass(frozen=True, eq=False)
class Mesh:
    """A mesh with its distance field, in the frame of its geom.

    Attributes:
        name: of the mesh.
        box: centre and half size of the octree, m; (6,).
        children: numbers of the nodes below each node, -1 in leaves; (nodes, 8).
        corners: distances at each node's corners, m; (nodes, 8).
        vertices: of the surface, m; (vertices, 3).
        triangles: three vertices each; (triangles, 3).
        position: of the geom's frame in that of the mesh as it was given, m; (3,).
        quaternion: the same, wxyz; (4,). MuJoCo turns every mesh to its centre and axes of inertia.
    """

    name: str
    box: Array
    children: npt.NDArray[np.int32]
    corners: Array
    vertices: Array
    triangles: npt.NDArray[np.int32]
    position: npt.NDArray[np.float64]
    quaternion: npt.NDArray[np.float64]

    @classmethod
    def from_model(cls, model: mujoco.MjModel, mesh: int | str) -> Mesh:
        """Read a mesh's octree out of a compiled model.

        Args:
            model: compiled with ``needsdf`` on the mesh.
            mesh: its name or number.

        Raises:
            ConfigError: for a mesh that is not there, has no distance field (MuJoCo's own sensor reads zero then) or
                one without an inside.
        """
        number = _mesh_number(model, mesh)
        name = model.mesh(number).name
        first, count = int(model.mesh_octadr[number]), int(model.mesh_octnum[number])
        if count == 0:
            raise ConfigError(
                f"the mesh '{name}' has no signed distance field: "
                f"set spec.mesh('{name}').needsdf = True before compiling the model"
            )
        nodes = slice(first, first + count)
        corners = np.asarray(model.oct_coeff).reshape(-1, 8)[nodes].astype(np.float32)
        if not corners.min() < 0.0 or not np.isfinite(corners).all():
            raise ConfigError(
                f"the signed distance field of the mesh '{name}' has no inside, nothing would feel it: "
                "close its surface, or raise its octree_maxdepth if it is thin"
            )
        children = np.asarray(model.oct_child).reshape(-1, 8)[nodes].astype(np.int32)
        if not _on_the_border(children, corners).min() > 0.0:
            raise ConfigError(
                f"the signed distance field of the mesh '{name}' is negative outside of it: "
                "close its surface, and turn all its triangles anticlockwise as seen from outside"
            )
        vertices = slice(model.mesh_vertadr[number], model.mesh_vertadr[number] + model.mesh_vertnum[number])
        triangles = slice(model.mesh_faceadr[number], model.mesh_faceadr[number] + model.mesh_facenum[number])
        return cls(
            name,
            np.asarray(model.oct_aabb).reshape(-1, 6)[first].astype(np.float32),
            children,
            corners,
            model.mesh_vert[vertices].astype(np.float32),
            model.mesh_face[triangles].astype(np.int32),
            model.mesh_pos[number].copy(),
            model.mesh_quat[number].copy(),
        )

    @classmethod
    def from_triangles(cls, name: str, vertices: npt.ArrayLike, faces: npt.ArrayLike, depth: int = 6) -> Mesh:
        """Let MuJoCo compute the distance field of a closed surface.

        Args:
            name: for messages.
            vertices: m; (vertices, 3).
            faces: three vertices each, anticlockwise from outside; (faces, 3).
            depth: of the octree; each level halves the cells.

        Raises:
            ConfigError: if MuJoCo cannot make a solid of it.
        """
        import mujoco

        spec = mujoco.MjSpec()
        mesh = spec.add_mesh(name=name, needsdf=True, octree_maxdepth=depth)
        mesh.uservert = np.asarray(vertices, dtype=np.float64).ravel()
        mesh.userface = np.asarray(faces, dtype=np.int32).ravel()
        spec.worldbody.add_geom(type=mujoco.mjtGeom.mjGEOM_MESH, meshname=name)
        try:
            model = spec.compile()
        except ValueError as error:
            raise ConfigError(f"the mesh '{name}' is no solid: {str(error).splitlines()[0]}") from None
        return cls.from_model(model, name)

    def extent_down(self, down: npt.ArrayLike) -> float:
        """Return how far it reaches along a direction of its own frame, m; ``down``: (3,)."""
        return float((self.vertices @ np.asarray(down, dtype=np.float64)).max())


def _on_the_border(children: npt.NDArray[np.int32], corners: Array) -> Array:
    """Return the distances at those corners of leaves that lie on the outer box, which is all outside of the mesh."""
    low, size = np.zeros((len(children), 3), np.int64), np.full(len(children), 1 << _MOST_LEVELS)
    level = np.zeros(1, np.int64)
    while len(level):
        inner = level[children[level, 0] >= 0]
        below = children[inner]
        size[below] = size[inner, None] // 2
        low[below] = low[inner, None] + _UPPER * size[below, None]
        level = below.ravel()
    places = low[:, None] + _UPPER * size[:, None, None]  # (nodes, 8, 3)
    border = ((places == 0) | (places == 1 << _MOST_LEVELS)).any(axis=2)
    return corners[border & (children[:, :1] < 0)]


def _mesh_number(model: mujoco.MjModel, mesh: int | str) -> int:
    try:
        return int(model.mesh(mesh).id)
    except (KeyError, IndexError):
        raise ConfigError(f"the model has no mesh '{mesh}'") from None
