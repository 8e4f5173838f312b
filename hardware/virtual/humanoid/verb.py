"""``sim2metal virtual humanoid``: its options, and the robot behind its DDS topics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import tyro

from hardware.virtual.humanoid.faults import KINDS
from hardware.virtual.verb import FAULT_SYNTAX, CommonArgs, fault_help, serve
from sim.errors import ConfigError

DEFAULT_URI = "dds://lo?domain=1"


_FAULT_HELP = fault_help(KINDS, "START is in seconds, or after an event: armed+3, released+1.")


@dataclass
class HumanoidArgs(CommonArgs):
    """A Unitree G1 on its real DDS topics: MuJoCo is its body, its built-in controller holds it until released.

    Example: sim2metal virtual humanoid --uri "dds://lo?domain=1" --hang --fault lower@armed+3 link-loss@armed+6
    """

    fault: Annotated[tuple[str, ...], tyro.conf.arg(metavar=FAULT_SYNTAX, help=_FAULT_HELP)] = ()
    uri: Annotated[str, tyro.conf.arg(metavar="URI")] = DEFAULT_URI
    """Interface and domain; lo stays on this computer, the real robot is in domain 0."""
    robot: Annotated[str, tyro.conf.arg(metavar="NAME")] = "g1"
    """Which humanoid."""
    hang: bool = False
    """Start on the crane, feet off the ground; the fault 'lower' lets it down."""
    released: bool = False
    """Start without the built-in controller, as after L2+R2 on the remote."""
    lock_step: bool = False
    """Time stands still until the host moves it by 2 ms: its URI ends in clock=robot."""
    charge: float = 0.9
    """Battery charge at the start, 0 to 1."""

    def check(self) -> None:
        """Refuse values that make no sense.

        Raises:
            ConfigError: naming the option.
        """
        from hardware.dds.profiles import PROFILES

        super().check()
        humanoids = [name for name, profile in PROFILES.items() if profile.family == "hg"]
        if self.robot not in humanoids:
            raise ConfigError(f"--robot {self.robot}: choose one of: {', '.join(humanoids)}")
        if not 0.0 <= self.charge <= 1.0:
            raise ConfigError(f"--charge {self.charge}: expected a number from 0 to 1")

    def run(self) -> dict[str, Any]:
        """Serve until the end; returns the summary without the list of events.

        Raises:
            Sim2MetalError: one line that says what to do.
        """
        from hardware.virtual.control import READY
        from hardware.virtual.humanoid.faults import parse_fault
        from hardware.virtual.humanoid.report import onboard_summary
        from hardware.virtual.humanoid.robot import Options, VirtualHumanoid
        from hardware.virtual.humanoid.server import Server

        faults = [parse_fault(text) for text in self.fault]
        options = Options(self.robot, self.seed, self.hang, self.released, self.charge)
        robot = VirtualHumanoid(options, faults)
        ready = f"virtual humanoid {READY} {self.uri} ({self.robot}); Ctrl-C ends it"
        with Server(robot, self.uri, self.lock_step) as server:
            return serve(self, server, parse_fault, ready, lambda: onboard_summary(robot))
