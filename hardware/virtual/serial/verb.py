"""``sim2metal virtual serial``: its options, and the robot behind its pseudo-terminal or TCP port."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from hardware.virtual.serial.faults import KINDS
from hardware.virtual.verb import FAULT_SYNTAX, CommonArgs, fault_help, serve
from sim.errors import ConfigError


@dataclass
class SerialArgs(CommonArgs):
    """A multirotor on a serial port that takes motor commands: the policy runs on the host."""

    fault: Annotated[tuple[str, ...], tyro.conf.arg(metavar=FAULT_SYNTAX, help=fault_help(KINDS))] = ()
    uri: str | None = None
    """serial:///PATH makes a link to the port there, serial://HOST:PORT listens on TCP; default: any free port."""
    bundle: Path | None = None
    """Take the airframe and the control period of this bundle."""
    parameter_set: str | None = None
    """Airframe; default: the bundle's, or the robot's own default."""
    charge: float = 0.95
    """Battery charge at the start, 0 to 1."""
    lock_step: bool = False
    """Time stands still until a command arrives, and then moves by one control period."""

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
        from hardware.virtual.serial.build import build_virtual_serial_robot
        from hardware.virtual.serial.faults import parse_fault
        from hardware.virtual.serial.report import onboard_summary
        from hardware.virtual.serial.server import Server

        address = None if self.uri is None else parse_serial_uri(self.uri)
        faults = [parse_fault(text) for text in self.fault]
        robot = build_virtual_serial_robot(self.bundle, self.seed, self.charge, faults, self.parameter_set)
        with Server(robot, address, self.lock_step) as server:
            bundle = self.bundle or "BUNDLE"
            ready = (
                f"virtual serial robot {READY} {server.uri}; Ctrl-C ends it\n"
                f"fly it with: sim2metal run {bundle} --uri {server.uri} --arm"
            )
            return serve(self, server, parse_fault, ready, lambda: onboard_summary(robot))
