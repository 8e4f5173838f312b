"""The simulator's stage around any robot's MJCF, lighter to render, and shapes drawn into it.

Only looks: the robot's inertia, contacts and actuators are not used, because a replay sets the
state and never integrates.
"""

from __future__ import annotations

from pathlib import Path

import mujoco
import numpy as np

from sim.errors import ConfigError
from sim.flight.scene import add_scene


def build_stage(mjcf: Path) -> mujoco.MjModel:
    """Return the robot's model on the stage.

    Args:
        mjcf: model file of a robot with one free joint.

    Raises:
        ConfigError: if the file is missing or MuJoCo refuses it.
    """
    try:
        spec = mujoco.MjSpec.from_file(str(mjcf))
        _dress(spec)
        return spec.compile()
    except (ValueError, FileNotFoundError) as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(f"{mjcf} cannot be drawn ({reason}): repair the robot's MJCF") from None


def _dress(spec: mujoco.MjSpec) -> None:
    for geom in [geom for geom in spec.geoms if geom.type == mujoco.mjtGeom.mjGEOM_PLANE]:
        spec.delete(geom)
    for light in list(spec.lights):
        spec.delete(light)
    add_scene(spec)
    spec.stat.extent = 1.0
    visual = spec.visual
    visual.quality.offsamples = 4
    # Two thirds of a frame's time went into round shapes finer than a pixel.
    visual.quality.numslices, visual.quality.numstacks = 16, 6
    visual.map.znear, visual.map.zfar = 0.005, 60.0


def free_joint_address(model: mujoco.MjModel) -> int:
    """Return where the first free joint's position and quaternion start in ``qpos``.

    Raises:
        ConfigError: if the model has no free joint.
    """
    free = np.flatnonzero(model.jnt_type == mujoco.mjtJoint.mjJNT_FREE)
    if free.size == 0:
        raise ConfigError("the robot's model has no free joint: a flight cannot be drawn with it")
    return int(model.jnt_qposadr[free[0]])


def add_segment(scene: mujoco.MjvScene, start: np.ndarray, end: np.ndarray, radius: float, rgba: np.ndarray) -> None:
    """Draw a capsule from ``start`` (3,) to ``end`` (3,), metres; nothing if the scene is full."""
    geom = _next_geom(scene, mujoco.mjtGeom.mjGEOM_CAPSULE, rgba)
    if geom is not None:
        mujoco.mjv_connector(geom, mujoco.mjtGeom.mjGEOM_CAPSULE, radius, start, end)


def add_ball(scene: mujoco.MjvScene, centre: np.ndarray, radius: float, rgba: np.ndarray) -> None:
    """Draw a sphere at ``centre`` (3,), metres; nothing if the scene is full."""
    geom = _next_geom(scene, mujoco.mjtGeom.mjGEOM_SPHERE, rgba)
    if geom is not None:
        geom.pos[:] = centre
        geom.size[:] = radius


def _next_geom(scene: mujoco.MjvScene, kind: mujoco.mjtGeom, rgba: np.ndarray) -> mujoco.MjvGeom | None:
    if scene.ngeom >= scene.maxgeom:
        return None
    geom = scene.geoms[scene.ngeom]
    identity = np.eye(3).reshape(9)
    mujoco.mjv_initGeom(geom, kind, np.ones(3), np.zeros(3), identity, rgba.astype(np.float32))
    geom.category = mujoco.mjtCatBit.mjCAT_DECOR
    scene.ngeom += 1
    return geom
