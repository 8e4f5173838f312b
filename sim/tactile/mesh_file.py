"""An object from a mesh file, to press on a pad."""

from __future__ import annotations

from pathlib import Path

import mujoco
import numpy as np

from sim.errors import ConfigError
from sim.tactile.mesh import Mesh
from sim.tactile.objects import Held

ENDINGS = (".stl", ".obj")
LARGEST_M = 0.5
"""Larger objects are taken for ones in other units."""
MOST_BYTES = 50_000_000


def is_mesh_file(name: str) -> bool:
    """Return whether an object's name is that of a mesh file."""
    return name.lower().endswith(ENDINGS)


def load_mesh(path: Path, scale: float) -> Held:
    """Return a closed surface, held as it lies in its file with z away from the pad.

    Args:
        path: STL or OBJ.
        scale: metres per unit of the file.

    Raises:
        ConfigError: for a file that is none, is too large or holds no solid; the message names it.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ConfigError(f"{path}: larger than {MOST_BYTES // 10**6} MB; simplify the mesh")
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror or error}") from None
    spec = mujoco.MjSpec()
    spec.add_mesh(name=path.stem, file=str(path.absolute()), scale=[scale] * 3, needsdf=True)
    spec.worldbody.add_geom(type=mujoco.mjtGeom.mjGEOM_MESH, meshname=path.stem)
    try:
        mesh = Mesh.from_model(spec.compile(), path.stem)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None
    except ValueError as error:
        raise ConfigError(f"{path} is no mesh of a solid: {str(error).splitlines()[0]}") from None
    size = float(np.ptp(mesh.vertices, axis=0).max())
    if size > LARGEST_M:
        raise ConfigError(f"{path} is {size:.3g} m large with --scale {scale:g}; in millimetres --scale 0.001 is right")
    w, x, y, z = map(float, mesh.quaternion)  # MuJoCo turns meshes to their axes of inertia: back to the file's
    return Held(mesh, (w, x, y, z))
