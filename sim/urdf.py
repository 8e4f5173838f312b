"""Write the URDF of a robot with joints, for RViz and other tools, from its MuJoCo model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro
from rich.console import Console

from sim.bodies.urdf import joint_robot_urdf
from sim.files import write_atomic

EXAMPLE = """sim2metal urdf g1 --out g1.urdf"""


@dataclass
class Args:
    """Options of ``sim2metal urdf``."""

    robot: tyro.conf.Positional[str]
    """Robot with joints, e.g. g1."""
    out: Path
    """File to write; an older one is replaced."""
    parameter_set: str | None = None
    """Constants; default: the robot's own."""


def run(args: Args) -> dict[str, Any]:
    """Write the file; returns where it is and how many links and joints it has.

    Raises:
        ConfigError: for an unknown robot or set, or a robot without joints.
        StorageError: if it cannot be written.
    """
    text = joint_robot_urdf(args.robot, args.parameter_set)
    write_atomic(args.out, text)
    counts = {kind: text.count(f"<{kind} name=") for kind in ("link", "joint")}
    Console(highlight=False, soft_wrap=True).print(
        f"{args.out}: {args.robot} with {counts['link']} links and {counts['joint']} joints"
    )
    return {"urdf": str(args.out), "robot": args.robot, **counts}
