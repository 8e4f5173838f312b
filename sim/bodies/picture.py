"""Draw robots with joints in their default poses, one tile each, with what they weigh and how many joints they have."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mujoco
import numpy as np
import tyro
from numpy.typing import NDArray
from rich.console import Console

from sim.bodies.menagerie import dress, published_model
from sim.bodies.model import build_joint_spec, reset_to_default_pose
from sim.bodies.parameters import joint_robots
from sim.offscreen import Offscreen
from sim.picture_sheet import captioned, require_png, resized, save_png, sheet
from sim.registry import load_robot

EXAMPLE = """sim2metal bodies --out bodies.png
sim2metal bodies g1 go1 --meshes --out meshes.png"""

TILE_PX = (480, 420)
COLUMNS = 3
SUPERSAMPLING = 2
MARGIN = 1.1
"""How much further than the robot's size the camera stands."""


@dataclass
class Args:
    """Options of ``sim2metal bodies``."""

    robots: tyro.conf.Positional[tuple[str, ...]] = ()
    """Robots with joints, e.g. g1 go1; default: all of them."""
    out: Path = Path("bodies.png")
    """Picture to write; an older one is replaced."""
    meshes: bool = False
    """Over our shapes the meshes of MuJoCo Menagerie, of g1, go1 and go1_arm: the extra menagerie and a network."""


def run(args: Args) -> dict[str, Any]:
    """Draw; returns where the picture is and each robot's mass and number of joints.

    Raises:
        ConfigError: for an unknown robot, one without joints, or a file of another kind.
        ToolchainError: without OpenGL, or without the meshes that were asked for.
        StorageError: if the picture cannot be written.
    """
    require_png(args.out)
    names = args.robots or joint_robots()
    tiles = [tile(name, args.meshes) for name in names]
    save_png(args.out, sheet(tiles, COLUMNS))
    rows = {name: load_robot(name).parameters() for name in names}
    Console(highlight=False, soft_wrap=True).print(f"{args.out}: {', '.join(names)}")
    return {
        "picture": str(args.out),
        "robots": {name: {"mass_kg": round(p.mass, 3), "joints": p.num_joints} for name, p in rows.items()},
    }


def tile(name: str, meshes: bool = False) -> NDArray[np.uint8]:
    """Return one robot's picture with its caption, (height, width, 3).

    Args:
        name: of a robot with joints.
        meshes: with those of MuJoCo Menagerie.
    """
    parameters = load_robot(name).parameters()
    spec = build_joint_spec(name)
    if meshes:
        dress(spec, published_model(name))
    model = spec.compile()
    data = mujoco.MjData(model)
    reset_to_default_pose(model, data, parameters)
    caption = f"{name}   {parameters.mass:.1f} kg, {parameters.num_joints} joints"
    return captioned(resized(_drawn(model, data), *TILE_PX), caption)


def _drawn(model: mujoco.MjModel, data: mujoco.MjData) -> NDArray[np.uint8]:
    width, height = (SUPERSAMPLING * size for size in TILE_PX)
    renderer = Offscreen(model, width, height)
    try:
        camera = _camera(model, data)
        option = mujoco.MjvOption()
        mujoco.mjv_updateScene(model, data, option, None, camera, mujoco.mjtCatBit.mjCAT_ALL.value, renderer.scene)
        return renderer.draw()
    finally:
        renderer.close()


def _camera(model: mujoco.MjModel, data: mujoco.MjData) -> mujoco.MjvCamera:
    """Return a camera, half from the front, that sees all of the robot."""
    own = model.geom_bodyid > 0
    low = (data.geom_xpos[own] - model.geom_rbound[own, None]).min(axis=0)
    high = (data.geom_xpos[own] + model.geom_rbound[own, None]).max(axis=0)
    camera = mujoco.MjvCamera()
    camera.lookat[:] = (low + high) / 2.0
    half_view = math.radians(model.vis.global_.fovy) / 2.0
    camera.distance = MARGIN * 0.5 * float(np.linalg.norm(high - low)) / math.tan(half_view)
    camera.azimuth, camera.elevation = 145.0, -14.0
    return camera
