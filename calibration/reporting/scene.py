"""A pleasant stage around any robot's MJCF: soft sky, a floor with a half-metre grid, one shadow.

Only looks: the robot's inertia, contacts and actuators are not used, because a replay sets the
state and never integrates.
"""

from __future__ import annotations

from pathlib import Path

import mujoco
import numpy as np

from sim.errors import ConfigError

_SKY_TOP = (0.62, 0.74, 0.88)
_SKY_HORIZON = (0.93, 0.95, 0.97)
_FLOOR = (0.90, 0.915, 0.93)
_FLOOR_LINE = (0.70, 0.74, 0.79)
GRID_M = 0.5
"""Side of the squares on the floor: the eye's ruler in the video."""


def build_stage(mjcf: Path, width: int, height: int) -> mujoco.MjModel:
    """Return the robot's model on the stage, with an off-screen buffer of ``width`` x ``height``.

    Args:
        mjcf: model file of a robot with one free joint.
        width: picture width, pixels.
        height: picture height, pixels.

    Raises:
        ConfigError: if the file is missing or MuJoCo refuses it.
    """
    try:
        spec = mujoco.MjSpec.from_file(str(mjcf))
        _dress(spec, width, height)
        return spec.compile()
    except (ValueError, FileNotFoundError) as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(f"{mjcf} cannot be drawn ({reason}): repair the robot's MJCF") from None


def _dress(spec: mujoco.MjSpec, width: int, height: int) -> None:
    for geom in [geom for geom in spec.geoms if geom.type == mujoco.mjtGeom.mjGEOM_PLANE]:
        spec.delete(geom)
    for light in list(spec.lights):
        spec.delete(light)
    visual = spec.visual
    visual.global_.offwidth, visual.global_.offheight = width, height
    visual.quality.shadowsize = 1024
    visual.quality.offsamples = 4
    # Two thirds of a frame's time went into round shapes finer than a pixel.
    visual.quality.numslices, visual.quality.numstacks = 16, 6
    visual.map.znear, visual.map.zfar = 0.005, 60.0
    visual.headlight.ambient = [0.42, 0.42, 0.42]
    visual.headlight.diffuse = [0.28, 0.28, 0.28]
    visual.headlight.specular = [0.1, 0.1, 0.1]
    visual.rgba.haze = [*_SKY_HORIZON, 1.0]
    spec.stat.extent = 1.0
    _add_sky(spec)
    _add_floor(spec)
    spec.worldbody.add_light(
        name="report_sun",
        type=mujoco.mjtLightType.mjLIGHT_DIRECTIONAL,
        pos=[0.6, -0.8, 3.0],
        dir=[-0.2, 0.28, -1.0],
        diffuse=[0.5, 0.5, 0.48],
        specular=[0.2, 0.2, 0.2],
        castshadow=True,
    )


def _add_sky(spec: mujoco.MjSpec) -> None:
    spec.add_texture(
        name="report_sky",
        type=mujoco.mjtTexture.mjTEXTURE_SKYBOX,
        builtin=mujoco.mjtBuiltin.mjBUILTIN_GRADIENT,
        rgb1=_SKY_TOP,
        rgb2=_SKY_HORIZON,
        width=256,
        height=1536,
    )


def _add_floor(spec: mujoco.MjSpec) -> None:
    spec.add_texture(
        name="report_floor",
        type=mujoco.mjtTexture.mjTEXTURE_2D,
        builtin=mujoco.mjtBuiltin.mjBUILTIN_FLAT,
        mark=mujoco.mjtMark.mjMARK_EDGE,
        rgb1=_FLOOR,
        rgb2=_FLOOR,
        markrgb=_FLOOR_LINE,
        width=256,
        height=256,
    )
    material = spec.add_material(name="report_floor", texuniform=True, texrepeat=[1.0 / GRID_M, 1.0 / GRID_M])
    material.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = "report_floor"
    material.specular, material.shininess = 0.05, 0.1
    spec.worldbody.add_geom(
        name="report_floor",
        type=mujoco.mjtGeom.mjGEOM_PLANE,
        size=[0.0, 0.0, 0.05],
        material="report_floor",
        contype=0,
        conaffinity=0,
    )


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
