"""Make motions, read them from files, put them on robots, measure and show them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import tyro

from sim.motion.verbs.check import Check
from sim.motion.verbs.convert import Convert
from sim.motion.verbs.make import Make
from sim.motion.verbs.retarget import Retarget
from sim.motion.verbs.show import Show
from sim.subcommands import CONFIG as CONFIG

EXAMPLE = """sim2metal motion make walk --speed 0.5 --robot g1 --out walk.npz
sim2metal motion show walk.npz
sim2metal motion show walk.npz --video walk.mp4 --figure walk.png
sim2metal motion convert recorded.bvh --fps 50 --out recorded.npz
sim2metal motion retarget recorded.npz --robot dinosaur --out dinosaur.npz
sim2metal motion check dinosaur.npz --source recorded.npz"""

Command = (
    Annotated[Make, tyro.conf.subcommand("make")]
    | Annotated[Convert, tyro.conf.subcommand("convert")]
    | Annotated[Retarget, tyro.conf.subcommand("retarget")]
    | Annotated[Check, tyro.conf.subcommand("check")]
    | Annotated[Show, tyro.conf.subcommand("show")]
)
"""A command is a class with ``run``; it imports what it needs when it runs."""


@dataclass
class Args:
    """Options of ``sim2metal motion``."""

    command: Command
    """What to do."""


def run(args: Args) -> dict[str, Any]:
    """Run one command and return what it found, for machines.

    Raises:
        Sim2MetalError: one line that says what to do.
    """
    return args.command.run()
