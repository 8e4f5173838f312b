"""Where every body, site and shape of a robot is in every frame of a clip, by MuJoCo's forward kinematics.

The feet are the sites that the robot's parameters name; the shapes of such a site's body are the foot.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import mujoco
import numpy as np
from numpy.typing import NDArray

from sim.bodies.model import build_joint_model
from sim.bodies.parameters import joint_parameters
from sim.errors import ConfigError
from sim.motion.clip import HUMAN, Clip
from sim.registry import load_robot

Array = NDArray[np.float64]
GEOM = "geom:"
"""Before the name of a shape where it could be that of a body or site."""
_SPHERE, _CAPSULE = int(mujoco.mjtGeom.mjGEOM_SPHERE), int(mujoco.mjtGeom.mjGEOM_CAPSULE)


@dataclass(frozen=True)
class RobotPoses:
    """A robot over T frames, world frame.

    Attributes:
        names: bodies, the base first, sites whose names no body has, and named shapes with ``geom:`` before; P of them.
        num_bodies: how many of them are bodies.
        position: m; (T, P, 3).
        quaternion: wxyz; (T, P, 4).
        center_of_mass: m; (T, 3).
        foot_names: sites under the feet.
        foot_points: lowest points of the shapes of each foot that can be in contact, m: a list of (T, points, 3).
        lowest: of all shapes that can be in contact, m; (T,).
    """

    names: tuple[str, ...]
    num_bodies: int
    position: Array
    quaternion: Array
    center_of_mass: Array
    foot_names: tuple[str, ...]
    foot_points: list[Array]
    lowest: Array

    def of(self, name: str) -> int:
        """Return the index of a body or site.

        Raises:
            ConfigError: if there is none of this name.
        """
        if name not in self.names:
            raise ConfigError(f"the robot has no body or site '{name}'; it has: {', '.join(self.names)}")
        return self.names.index(name)


@lru_cache(maxsize=8)
def robot_model(name: str) -> mujoco.MjModel:
    """Return a robot's model without a floor; it is shared, do not change it.

    Raises:
        ConfigError: for an unknown robot, or one without joints and a free base.
    """
    return build_joint_model(name, floor=False)


def require_robot(clip: Clip) -> None:
    """Refuse a clip that is not of the robot it says it is of.

    Raises:
        ConfigError: naming the joint that is missing, unknown or in the wrong place, or a foot that it has not.
    """
    if clip.character == HUMAN:
        raise ConfigError(f"clip '{clip.name}' is of a person; 'sim2metal motion retarget' puts it on a robot")
    expected = load_robot(clip.character).joint_names
    for name in expected:
        if name not in clip.joint_names:
            raise ConfigError(f"clip '{clip.name}' lacks joint '{name}' of robot '{clip.character}'")
    for name in clip.joint_names:
        if name not in expected:
            raise ConfigError(f"clip '{clip.name}': robot '{clip.character}' has no joint '{name}'")
    for place, (found, wanted) in enumerate(zip(clip.joint_names, expected, strict=True)):
        if found != wanted:
            raise ConfigError(
                f"clip '{clip.name}': joint {place} is '{found}', but '{wanted}' of robot '{clip.character}'"
            )
    feet = joint_parameters(clip.character).feet if clip.contact_names else ()
    for name in clip.contact_names:
        if name not in feet:
            raise ConfigError(
                f"clip '{clip.name}': robot '{clip.character}' has no foot in contact '{name}'; its feet are"
                f" {', '.join(feet)}"
            )


def robot_poses(clip: Clip) -> RobotPoses:
    """Run forward kinematics over a robot's clip.

    Raises:
        ConfigError: for a clip that is not of the robot it says it is of.
    """
    require_robot(clip)
    model = robot_model(clip.character)
    data = mujoco.MjData(model)
    sites = [
        k for k in range(model.nsite) if mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_BODY, model.site(k).name) < 0
    ]
    geoms = [k for k in range(model.ngeom) if model.geom(k).name]
    frames, bodies = clip.num_frames, model.nbody - 1
    places = bodies + len(sites) + len(geoms)
    position, quaternion = np.zeros((frames, places, 3)), np.zeros((frames, places, 4))
    geom_position, geom_matrix = np.zeros((frames, model.ngeom, 3)), np.zeros((frames, model.ngeom, 9))
    mass = np.zeros((frames, 3))
    for frame in range(frames):
        data.qpos[:3], data.qpos[3:7] = clip.root_position_w[frame], clip.root_quaternion_w[frame]
        data.qpos[7:] = clip.joint_angles[frame]
        mujoco.mj_kinematics(model, data)
        mujoco.mj_comPos(model, data)
        position[frame, :bodies], quaternion[frame, :bodies] = data.xpos[1:], data.xquat[1:]
        position[frame, bodies:] = np.concatenate([data.site_xpos[sites], data.geom_xpos[geoms]])
        matrices = np.concatenate([data.site_xmat[sites], data.geom_xmat[geoms]])
        for place, matrix in enumerate(matrices, bodies):
            mujoco.mju_mat2Quat(quaternion[frame, place], matrix)
        geom_position[frame], geom_matrix[frame], mass[frame] = data.geom_xpos, data.geom_xmat, data.subtree_com[1]
    matrix = geom_matrix.reshape(frames, -1, 3, 3)
    feet = joint_parameters(clip.character).feet
    solid = [k for k in range(model.ngeom) if model.geom_contype[k] or model.geom_conaffinity[k]]
    low = [_lowest_points(model, k, geom_position[:, k], matrix[:, k])[..., 2].min(axis=1) for k in solid]
    return RobotPoses(
        names=(
            *(model.body(k).name for k in range(1, model.nbody)), *(model.site(k).name for k in sites),
            *(GEOM + model.geom(k).name for k in geoms),
        ),
        num_bodies=bodies, position=position, quaternion=quaternion, center_of_mass=mass, foot_names=feet,
        foot_points=[_foot_points(model, name, solid, geom_position, matrix) for name in feet],
        lowest=np.min(low, axis=0),
    )  # fmt: skip


def _foot_points(model: mujoco.MjModel, foot: str, solid: list[int], position: Array, matrix: Array) -> Array:
    body = int(model.site(foot).bodyid[0])
    shapes = [k for k in solid if int(model.geom_bodyid[k]) == body]
    if not shapes:
        raise ConfigError(f"the body of site '{foot}' has no shape that could touch the ground")
    return np.concatenate([_lowest_points(model, k, position[:, k], matrix[:, k]) for k in shapes], axis=1)


def _lowest_points(model: mujoco.MjModel, geom: int, position: Array, matrix: Array) -> Array:
    """Return points of a shape one of which is its lowest, m; (T, points, 3).

    Those of spheres and capsules are under their centres; of all others, the corners of their bounding box.
    """
    kind, size = int(model.geom_type[geom]), model.geom_size[geom]
    if kind in (_SPHERE, _CAPSULE):
        ends = np.array([[0.0, 0.0, 0.0]]) if kind == _SPHERE else np.array([[0.0, 0.0, -size[1]], [0.0, 0.0, size[1]]])
        return position[:, None] + np.einsum("tij,pj->tpi", matrix, ends) - (0.0, 0.0, size[0])
    center, half = model.geom_aabb[geom, :3], model.geom_aabb[geom, 3:]
    signs = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)])
    return position[:, None] + np.einsum("tij,pj->tpi", matrix, center + signs * half)
