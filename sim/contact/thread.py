"""Bolt and nut: MuJoCo's own shapes, at the size of a screw.

MuJoCo's SDF plugins ``mujoco.sdf.bolt`` and ``mujoco.sdf.nut`` describe a pair of the size of a person: twelve threads
per unit of length, whatever their radius. Here their surfaces, as MuJoCo meshes them, are made small and collide as
MuJoCo's octree SDF.
"""

from __future__ import annotations

from functools import lru_cache

import mujoco
import numpy as np
from numpy.typing import NDArray

PLUGIN_RADIUS = 0.26
"""Of the thread, in the plugin's units: the value of MuJoCo's own example, at which bolt and nut fit."""
PLUGIN_LENGTH = 1.0
"""Of the bolt, head included; it points down from the origin."""
SDF_ITERATIONS, SDF_POINTS, OCTREE_DEPTH = 5, 10, 6
"""Contacts are searched from ten points, in five steps, in cells of 0.6 mm: a quarter of an 8 mm thread's pitch."""


def add_threaded(
    spec: mujoco.MjSpec, body: mujoco.MjsBody, kind: str, radius_m: float, **geom: object
) -> mujoco.MjsGeom:
    """Add a bolt, its head up and its tip at ``-bolt_length``, or a nut, its upper face at the origin.

    Args:
        spec: the model.
        body: whose geom it becomes.
        kind: ``"bolt"`` or ``"nut"``.
        radius_m: of the thread.
        geom: further attributes of the geom.
    """
    spec.option.sdf_iterations, spec.option.sdf_initpoints = SDF_ITERATIONS, SDF_POINTS
    vertices, faces = _surface(kind)
    mesh = spec.add_mesh(name=kind, needsdf=True, octree_maxdepth=OCTREE_DEPTH)
    mesh.uservert, mesh.userface = (vertices * radius_m / PLUGIN_RADIUS).ravel(), faces.ravel()
    return body.add_geom(name=kind, type=mujoco.mjtGeom.mjGEOM_SDF, meshname=kind, **geom)


def bolt_length(radius_m: float) -> float:
    """Return the length of a bolt with its head, m."""
    return PLUGIN_LENGTH * radius_m / PLUGIN_RADIUS


@lru_cache
def _surface(kind: str) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Return vertices, (n, 3), and faces, (m, 3), of a plugin's shape, in its own units and frame."""
    spec = mujoco.MjSpec()
    plugin = f"mujoco.sdf.{kind}"
    spec.activate_plugin(plugin)
    spec.add_plugin(name=kind, plugin_name=plugin).config = {"radius": str(PLUGIN_RADIUS)}
    mesh, geom = spec.add_mesh(name=kind), spec.worldbody.add_geom(type=mujoco.mjtGeom.mjGEOM_SDF, meshname=kind)
    for part in (mesh, geom):
        part.plugin.active, part.plugin.plugin_name, part.plugin.name = True, plugin, kind
    model = spec.compile()
    turn = np.zeros(9)  # (MuJoCo moves a mesh into its inertial frame)
    mujoco.mju_quat2Mat(turn, model.mesh_quat[0])
    return model.mesh_vert @ turn.reshape(3, 3).T.astype(np.float32) + model.mesh_pos[0].astype(
        np.float32
    ), model.mesh_face
