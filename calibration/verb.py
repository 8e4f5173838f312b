"""Calibrate a robot: look at its logs, move it so that they say something, and find its parameters in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import tyro

from calibration.verbs.collect import Collect
from calibration.verbs.fit import Fit
from calibration.verbs.sensors import Sensors
from calibration.verbs.show import Show
from calibration.verbs.units import Units
from sim.subcommands import CONFIG as CONFIG

EXAMPLE = """sim2metal calibrate show runs/flights/20261121-101500.mcap
sim2metal calibrate show flight.ulg --robot x500
sim2metal calibrate collect go1 --uri "sim://go1?held=1&hidden=7" --log joints.mcap --serial go1-7
sim2metal calibrate fit joints.mcap
sim2metal calibrate collect crazyflie --uri sim://crazyflie --log flight.mcap --serial cf07
sim2metal calibrate fit flight.mcap --mass 0.0271
sim2metal calibrate collect go1 --uri "sim://go1?held=1" --kind rest --duration 20 --log rest.mcap
sim2metal calibrate sensors rest.mcap --figure rest.png
sim2metal calibrate units"""

Command = (
    Annotated[Show, tyro.conf.subcommand("show")]
    | Annotated[Collect, tyro.conf.subcommand("collect")]
    | Annotated[Fit, tyro.conf.subcommand("fit")]
    | Annotated[Sensors, tyro.conf.subcommand("sensors")]
    | Annotated[Units, tyro.conf.subcommand("units")]
)
"""A command is a class with ``run``; it imports what it needs when it runs."""


@dataclass
class Args:
    """Options of ``sim2metal calibrate``."""

    command: Command
    """What to do."""


def run(args: Args) -> dict[str, Any]:
    """Run one command and return what it found, for machines.

    Raises:
        Sim2MetalError: one line that says what to do.
    """
    return args.command.run()
