"""Draw contact tasks: the hand at work, what the camera at its wrist sees, and what the left pad sees."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mujoco
import numpy as np
import tyro
from numpy.typing import NDArray
from rich.console import Console

from sim.contact.oracle import Oracle
from sim.contact.pictures import SceneCamera
from sim.contact.world import ContactWorld
from sim.envs.contact_task import ContactTaskEnv, contact_task_names, load_contact_task
from sim.errors import ConfigError
from sim.offscreen import SHADOW_PIXELS
from sim.picture_sheet import captioned, require_png, resized, save_png, sheet

EXAMPLE = """sim2metal contact --out tasks.png
sim2metal contact peg_insertion --at 200 --seed 3 --out insertion.png"""

HEIGHT_PX, COLUMNS = 300, 2
SUPERSAMPLING = 2
DISTANCE_M, AZIMUTH_DEG, ELEVATION_DEG = 0.42, 55.0, -22.0
"""Of the camera beside the hand, from what lies under it."""


@dataclass
class Args:
    """Options of ``sim2metal contact``."""

    tasks: tyro.conf.Positional[tuple[str, ...]] = ()
    """Contact tasks, e.g. peg_insertion; default: all of them."""
    out: Path = Path("tasks.png")
    """Picture to write; an older one is replaced."""
    at: int = 110
    """Control steps after the start of an episode, with a script that knows the truth."""
    seed: int = 0
    """Of the episode."""


def run(args: Args) -> dict[str, Any]:
    """Draw; returns where the picture is and which tasks are in it.

    Raises:
        ConfigError: for a task that is none of contact, a step beyond the episode, or a file of another kind.
        ToolchainError: without OpenGL.
        StorageError: if the picture cannot be written.
    """
    require_png(args.out)
    names = args.tasks or contact_task_names()
    for name in names:
        steps = load_contact_task(name).TASK.control_steps
        if not 0 <= args.at < steps:
            raise ConfigError(f"--at {args.at}: an episode of {name} has the steps 0 to {steps - 1}")
    if args.seed < 0:
        raise ConfigError(f"--seed must not be negative, got {args.seed}")
    save_png(args.out, sheet([tile(name, args.at, args.seed) for name in names], COLUMNS))
    Console(highlight=False, soft_wrap=True).print(f"{args.out}: {', '.join(names)}")
    return {"picture": str(args.out), "tasks": list(names), "step": args.at}


def tile(name: str, at: int, seed: int) -> NDArray[np.uint8]:
    """Return the three pictures of a task side by side with its name, (300, 825, 3)."""
    env = ContactTaskEnv(name, 1, sensors=("image", "wrist"), seed=seed, threads=1)
    observation = env.reset()
    teacher = Oracle(env)
    for _ in range(at):
        observation = env.step(teacher.act()).observation
    wrist = resized(observation["wrist"][0], HEIGHT_PX, HEIGHT_PX, smooth=False)
    rows, columns = observation["image"].shape[2:4]
    pad = resized(observation["image"][0, 0], round(HEIGHT_PX * columns / rows), HEIGHT_PX, smooth=False)
    return captioned(np.hstack([_beside_the_hand(env.world), wrist, pad]), name)


def _beside_the_hand(world: ContactWorld) -> NDArray[np.uint8]:
    eye, size = mujoco.MjvCamera(), SUPERSAMPLING * HEIGHT_PX
    eye.lookat[:] = world.arm.position_w[0]
    eye.distance, eye.azimuth, eye.elevation = DISTANCE_M, AZIMUTH_DEG, ELEVATION_DEG
    camera = SceneCamera(world, eye, size, size, SHADOW_PIXELS)
    try:
        return resized(camera.render()[0], HEIGHT_PX, HEIGHT_PX)
    finally:
        camera.close()
