"""Run a virtual robot behind its real protocol: MuJoCo is its body, unmodified client libraries connect to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import tyro

from hardware.virtual.crazyflie.verb import CrazyflieArgs
from hardware.virtual.humanoid.verb import HumanoidArgs
from hardware.virtual.serial.verb import SerialArgs
from sim.subcommands import CONFIG as CONFIG

EXAMPLE = """sim2metal virtual crazyflie --bundle runs/hover/bundle
sim2metal virtual crazyflie --profile stock --fault packet-loss=5 link-loss@flying+8 --events events.json
sim2metal virtual serial --bundle runs/hover/bundle --fault bit-flips=2
sim2metal virtual humanoid --uri dds://lo?domain=1 --hang --fault lower@armed+5"""

Robot = (
    Annotated[CrazyflieArgs, tyro.conf.subcommand("crazyflie")]
    | Annotated[SerialArgs, tyro.conf.subcommand("serial")]
    | Annotated[HumanoidArgs, tyro.conf.subcommand("humanoid")]
)
"""A robot is one class with ``check`` and ``run``; it imports what it needs when it runs."""


@dataclass
class Args:
    """Options of ``sim2metal virtual``."""

    robot: Robot
    """Which virtual robot."""


def run(args: Args) -> dict[str, Any]:
    """Serve until Ctrl-C, SIGTERM or the duration's end; returns the summary without the list of events.

    Raises:
        Sim2MetalError: one line that says what to do.
    """
    args.robot.check()
    return args.robot.run()
