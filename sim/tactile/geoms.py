"""Geoms of a MuJoCo model as objects that touch."""

from __future__ import annotations

import mujoco

from sim.errors import ConfigError
from sim.registry import require_known
from sim.tactile.mesh import Mesh
from sim.tactile.shapes import KINDS, SIZES, Shape, Surface


def geom_surface(model: mujoco.MjModel, name: str) -> Surface:
    """Return the shape of a geom, in the geom's frame.

    Raises:
        ConfigError: if there is no geom of this name, or its distance is not known: another kind of geom, or a mesh
            without a distance field.
    """
    require_known(name, [model.geom(i).name for i in range(model.ngeom) if model.geom(i).name], "geom")
    geom = model.geom(name)
    kind = mujoco.mjtGeom(int(geom.type[0])).name.removeprefix("mjGEOM_").lower()
    if kind in ("mesh", "sdf"):
        return _mesh(model, name)
    if kind not in KINDS:
        raise ConfigError(f"geom '{name}' is a {kind}, which a pad cannot feel; it feels: {', '.join(KINDS)}, mesh")
    return Shape(kind, tuple(map(float, geom.size[: SIZES[kind]])))


def _mesh(model: mujoco.MjModel, name: str) -> Mesh:
    """Return the mesh of a geom; its name is in every complaint."""
    number = model.geom(name).id
    if model.geom_plugin[number] >= 0:
        raise ConfigError(f"geom '{name}' keeps its distances in a plugin: add a mesh of the same form with needsdf")
    try:
        return Mesh.from_model(model, int(model.geom_dataid[number]))
    except ConfigError as error:
        raise ConfigError(f"geom '{name}': {error}") from None
