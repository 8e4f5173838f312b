"""Characters that follow a headset and two controllers: train the network, follow a motion, judge it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import tyro

from policies.sparse.verbs.follow import Follow
from policies.sparse.verbs.judge import Judge
from policies.sparse.verbs.train import Train
from sim.subcommands import CONFIG as CONFIG

EXAMPLE = """sim2metal sparse train --robot dinosaur --out runs/sparse_dinosaur
sim2metal motion make dance --duration 6 --fps 60 --out dance.npz
sim2metal sparse follow policies/zoo/sparse_dinosaur dance.npz --out dinosaur.npz
sim2metal sparse judge policies/zoo/sparse_dinosaur
sim2metal motion show dance.npz dinosaur.npz --figure dinosaur.png"""

Command = (
    Annotated[Train, tyro.conf.subcommand("train")]
    | Annotated[Follow, tyro.conf.subcommand("follow")]
    | Annotated[Judge, tyro.conf.subcommand("judge")]
)
"""A command is a class with ``run``; it imports what it needs when it runs."""


@dataclass
class Args:
    """Options of ``sim2metal sparse``."""

    command: Command
    """What to do."""


def run(args: Args) -> dict[str, Any]:
    """Run one command and return what it found, for machines.

    Raises:
        Sim2MetalError: one line that says what to do.
    """
    return args.command.run()
