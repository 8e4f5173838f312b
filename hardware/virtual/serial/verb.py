"""``sim2metal virtual serial``: its options, and the robot behind its pseudo-terminal or TCP port."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from hardware.virtual.serial.faults import KINDS, KINDS_OF_JOINTS
from hardware.virtual.verb import FAULT_SYNTAX, CommonArgs, fault_help, fault_names, serve
from sim.errors import ConfigError

_FAULT_HELP = f"{fault_help(KINDS)} Of a robot with joints: {', '.join(fault_names(KINDS_OF_JOINTS))}."


@dataclass
class SerialArgs(CommonArgs):
    """A multirotor that takes motor commands, or a robot with joints, on a serial port: the policy runs on the host.

    Example: sim2metal virtual serial --robot g1 --uri serial:///tmp/g1 --fault lower@armed+3
    """

    fault: Annotated[tuple[str, ...], tyro.conf.arg(metavar=FAULT_SYNTAX, help=_FAULT_HELP)] = ()
    robot: Annotated[str, tyro.conf.arg(metavar="NAME")] = "crazyflie"
    """crazyflie takes motor commands; g1 takes joint targets and hangs on its crane until the fault 'lower'."""
    uri: Annotated[str | None, tyro.conf.arg(metavar="URI")] = None
    """serial:///PATH makes a link to the port there, serial://HOST:PORT listens on TCP; default: any free port."""
    bundle: Annotated[Path | None, tyro.conf.arg(metavar="FOLDER")] = None
    """Take the constants and the control period of this bundle."""
    parameter_set: Annotated[str | None, tyro.conf.arg(metavar="NAME")] = None
    """Airframe, or gains of the joints; default: the bundle's, or the robot's own default."""
    charge: float = 0.95
    """Battery charge at the start, 0 to 1."""
    lock_step: bool = False
    """Time stands still until the host moves it by one control period: its URI ends in clock=robot."""

    def check(self) -> None:
        """Refuse values that make no sense.

        Raises:
            ConfigError: naming the option.
        """
        super().check()
        if not 0.0 <= self.charge <= 1.0:
            raise ConfigError(f"--charge {self.charge}: expected a number from 0 to 1")

    def run(self) -> dict[str, Any]:
        """Serve until the end; returns the summary without the list of events.

        Raises:
            Sim2MetalError: one line that says what to do.
        """
        from hardware.serial.uri import parse_serial_uri
        from hardware.virtual.control import READY
        from hardware.virtual.serial.build import build_serial_robot, kind_of
        from hardware.virtual.serial.server import Server

        address = None if self.uri is None else parse_serial_uri(self.uri)
        kind = kind_of(self.robot)
        faults = [kind.parse_fault(text) for text in self.fault]
        robot = build_serial_robot(self.robot, self.bundle, self.seed, self.charge, faults, self.parameter_set)
        with Server(robot, address, self.lock_step) as server:
            uri = f"'{server.uri}?clock=robot'" if self.lock_step else server.uri
            ready = (
                f"virtual serial robot {READY} {server.uri} ({self.robot}); Ctrl-C ends it\n"
                f"{kind.run_it} with: sim2metal run {self.bundle or 'BUNDLE'} --uri {uri} --arm"
            )
            return serve(self, server, kind.parse_fault, ready, lambda: kind.summary(robot))
