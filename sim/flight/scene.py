"""A stage for a flying robot: soft sky, a floor with a half-metre grid to take off from, one shadow."""

from __future__ import annotations

import mujoco

FLOOR = "floor"
"""Name of the floor's geom."""

GRID_M = 0.5
"""Side of the squares on the floor: the eye's ruler."""

_SKY_TOP = (0.62, 0.74, 0.88)
_SKY_HORIZON = (0.93, 0.95, 0.97)
_FLOOR_COLOUR = (0.90, 0.915, 0.93)
_FLOOR_LINE = (0.70, 0.74, 0.79)


def add_scene(spec: mujoco.MjSpec) -> None:
    """Add floor, sky and light to a robot's model, in place."""
    _add_sky(spec)
    _add_floor(spec)
    _add_light(spec)
    # A flight volume of a few metres: sets the default camera, clipping and the shadow's resolution.
    spec.stat.center = [0.0, 0.0, 0.5]
    spec.stat.extent = 2.0
    visual = spec.visual
    visual.quality.shadowsize = 8192
    visual.map.shadowclip = 1.5
    visual.map.znear = 0.01
    visual.global_.offwidth, visual.global_.offheight = 1920, 1080
    visual.headlight.ambient = [0.40, 0.40, 0.41]
    visual.headlight.diffuse = [0.16, 0.16, 0.16]
    visual.headlight.specular = [0.1, 0.1, 0.1]
    visual.rgba.haze = [*_SKY_HORIZON, 1.0]


def _add_sky(spec: mujoco.MjSpec) -> None:
    spec.add_texture(
        name="sky",
        type=mujoco.mjtTexture.mjTEXTURE_SKYBOX,
        builtin=mujoco.mjtBuiltin.mjBUILTIN_GRADIENT,
        rgb1=_SKY_TOP,
        rgb2=_SKY_HORIZON,
        width=256,
        height=1536,
    )


def _add_floor(spec: mujoco.MjSpec) -> None:
    spec.add_texture(
        name=FLOOR,
        type=mujoco.mjtTexture.mjTEXTURE_2D,
        builtin=mujoco.mjtBuiltin.mjBUILTIN_FLAT,
        mark=mujoco.mjtMark.mjMARK_EDGE,
        rgb1=_FLOOR_COLOUR,
        rgb2=_FLOOR_COLOUR,
        markrgb=_FLOOR_LINE,
        width=256,
        height=256,
    )
    material = spec.add_material(name=FLOOR, texuniform=True, texrepeat=[1.0 / GRID_M, 1.0 / GRID_M])
    material.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = FLOOR
    material.specular, material.shininess = 0.05, 0.1
    spec.worldbody.add_geom(
        name=FLOOR,
        type=mujoco.mjtGeom.mjGEOM_PLANE,
        size=[0.0, 0.0, 0.05],
        material=FLOOR,
        contype=0,
        conaffinity=1,
        condim=3,
        friction=[0.8, 0.005, 0.0001],
    )


def _add_light(spec: mujoco.MjSpec) -> None:
    spec.worldbody.add_light(
        name="sun",
        type=mujoco.mjtLightType.mjLIGHT_DIRECTIONAL,
        pos=[0.6, -0.8, 3.0],
        dir=[-0.2, 0.28, -1.0],
        diffuse=[0.45, 0.45, 0.43],
        specular=[0.2, 0.2, 0.2],
        castshadow=True,
    )
