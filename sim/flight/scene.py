"""A floor to take off from, a sky and soft light, so that a rendered flight is pleasant to watch."""

from __future__ import annotations

import mujoco

FLOOR = "floor"
"""Name of the floor's geom."""


def add_scene(spec: mujoco.MjSpec) -> None:
    """Add floor, sky and light to a robot's model, in place."""
    _add_sky(spec)
    _add_floor(spec)
    _add_light(spec)
    # A flight volume of a few metres: sets the default camera, clipping and the shadow's resolution.
    spec.stat.center = [0.0, 0.0, 0.5]
    spec.stat.extent = 2.0
    spec.visual.quality.shadowsize = 8192
    spec.visual.map.shadowclip = 1.5
    spec.visual.global_.offwidth = 1920
    spec.visual.global_.offheight = 1080
    spec.visual.map.znear = 0.01
    spec.visual.rgba.haze = [0.86, 0.91, 0.96, 1.0]


def _add_sky(spec: mujoco.MjSpec) -> None:
    spec.add_texture(
        name="sky",
        type=mujoco.mjtTexture.mjTEXTURE_SKYBOX,
        builtin=mujoco.mjtBuiltin.mjBUILTIN_GRADIENT,
        rgb1=[0.46, 0.66, 0.88],
        rgb2=[0.93, 0.96, 0.99],
        width=256,
        height=1536,
    )


def _add_floor(spec: mujoco.MjSpec) -> None:
    spec.add_texture(
        name="tiles",
        type=mujoco.mjtTexture.mjTEXTURE_2D,
        builtin=mujoco.mjtBuiltin.mjBUILTIN_CHECKER,
        mark=mujoco.mjtMark.mjMARK_EDGE,
        rgb1=[0.80, 0.83, 0.87],
        rgb2=[0.72, 0.76, 0.81],
        markrgb=[0.90, 0.92, 0.95],
        width=512,
        height=512,
    )
    material = spec.add_material(name="tiles", texrepeat=[2.0, 2.0], texuniform=True, reflectance=0.04, specular=0.1)
    material.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = "tiles"
    spec.worldbody.add_geom(
        name=FLOOR,
        type=mujoco.mjtGeom.mjGEOM_PLANE,
        size=[0.0, 0.0, 0.05],
        material="tiles",
        contype=0,
        conaffinity=1,
        condim=3,
        friction=[0.8, 0.005, 0.0001],
    )


def _add_light(spec: mujoco.MjSpec) -> None:
    spec.visual.headlight.ambient = [0.32, 0.32, 0.34]
    spec.visual.headlight.diffuse = [0.28, 0.28, 0.28]
    spec.visual.headlight.specular = [0.1, 0.1, 0.1]
    spec.worldbody.add_light(
        name="sun",
        type=mujoco.mjtLightType.mjLIGHT_DIRECTIONAL,
        pos=[-1.4, -1.0, 3.6],  # the shadow map is centred where this ray meets the floor: the origin
        dir=[1.4, 1.0, -3.6],
        diffuse=[0.62, 0.60, 0.56],
        specular=[0.25, 0.25, 0.25],
        castshadow=True,
    )
