"""The looks of a published robot over our primitive shapes, from MuJoCo Menagerie: for pictures only.

The package ``mujoco-menagerie`` (extra ``menagerie``) downloads a robot's meshes when they are first asked for and
checks their hashes; a checkout of its repository does instead, where ``MENAGERIE_ROOT`` names one. Its bodies and ours
have Unitree's names. Masses, joints and contacts stay ours: a mesh weighs nothing here and touches nothing.
"""

from __future__ import annotations

import mujoco
import numpy as np

from sim.errors import ConfigError, ToolchainError

ENTRIES = {"g1": ("unitree_g1", "g1"), "go1": ("unitree_go1", "go1"), "go1_arm": ("unitree_go1", "go1")}
"""Our robot -> theirs and its model without a scene."""
_HIDDEN_GROUP = 5
"""Of the shapes whose place the meshes take: MuJoCo draws groups 0 to 2."""
_MESH = mujoco.mjtGeom.mjGEOM_MESH


def published_model(robot: str) -> mujoco.MjModel:
    """Return Menagerie's model of one of our robots, downloaded once.

    Raises:
        ConfigError: for a robot that Menagerie does not have.
        ToolchainError: without the package, or if the meshes cannot be had.
    """
    if robot not in ENTRIES:
        raise ConfigError(f"MuJoCo Menagerie has no meshes of robot '{robot}'; choose one of: {', '.join(ENTRIES)}")
    try:
        import mujoco_menagerie
    except ImportError:
        raise ToolchainError("no meshes: mujoco-menagerie is missing; pip install 'sim2metal[menagerie]'") from None
    name, entry = ENTRIES[robot]
    try:
        return mujoco_menagerie.get(name).model(entry)
    except (mujoco_menagerie.MenagerieError, OSError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise ToolchainError(f"no meshes of '{name}' ({reason}); they come from github.com: is it reachable?") from None


def dress(spec: mujoco.MjSpec, published: mujoco.MjModel) -> int:
    """Hang a published model's meshes on the bodies of the same names, in place, and hide our shapes there.

    Args:
        spec: our robot.
        published: the same robot with meshes.

    Returns:
        How many meshes there are now.
    """
    count = 0
    for body in spec.bodies:
        geoms = _meshes_of(published, body.name)
        for geom in body.geoms if len(geoms) else ():
            geom.group = _HIDDEN_GROUP
        for geom in geoms:
            _hang(spec, body, published, int(geom))
            count += 1
    return count


def _meshes_of(model: mujoco.MjModel, body: str) -> np.ndarray:
    """Return the geoms of a body that are meshes to look at; none for a body it does not have."""
    found = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_BODY, body)
    if found < 0:
        return np.empty(0, int)
    seen = (model.geom_contype == 0) & (model.geom_conaffinity == 0) & (model.geom_type == _MESH)
    return np.flatnonzero(seen & (model.geom_bodyid == found))


def _hang(spec: mujoco.MjSpec, body: mujoco.MjsBody, model: mujoco.MjModel, geom: int) -> None:
    mesh = int(model.geom_dataid[geom])
    name = f"published_{model.mesh(mesh).name}"
    if spec.mesh(name) is None:
        first, number = model.mesh_vertadr[mesh], model.mesh_vertnum[mesh]
        faces, face_number = model.mesh_faceadr[mesh], model.mesh_facenum[mesh]
        spec.add_mesh(
            name=name,
            uservert=model.mesh_vert[first : first + number].ravel(),
            userface=model.mesh_face[faces : faces + face_number].ravel(),
        )
    material = int(model.geom_matid[geom])
    body.add_geom(
        type=_MESH,
        meshname=name,
        pos=model.geom_pos[geom],
        quat=model.geom_quat[geom],
        rgba=model.mat_rgba[material] if material >= 0 else model.geom_rgba[geom],
        contype=0,
        conaffinity=0,
        mass=0.0,
        group=2,
    )
