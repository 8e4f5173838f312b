"""``sim2metal virtual crazyflie``: its options, and the robot behind its UDP port."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from hardware.virtual.crazyflie.faults import KINDS
from hardware.virtual.verb import FAULT_SYNTAX, CommonArgs, fault_help, serve
from sim.errors import ConfigError

DEFAULT_URI = "udp://127.0.0.1:19850"


@dataclass
class CrazyflieArgs(CommonArgs):
    """A Crazyflie for the real cflib: MuJoCo is its body, the bundle's C code its controller."""

    fault: Annotated[tuple[str, ...], tyro.conf.arg(metavar=FAULT_SYNTAX, help=fault_help(KINDS))] = ()
    uri: str = DEFAULT_URI
    """Where to listen; another computer can connect only if the host is this one's address or 0.0.0.0."""
    bundle: Path | None = None
    """The policy on board; required by the policy profile."""
    profile: Literal["policy", "stock"] = "policy"
    """Which controller flies after the start: the bundle's policy or the stock PID."""
    parameter_set: str | None = None
    """Airframe; default: the one the bundle was trained for."""
    deck: Literal["lighthouse", "none"] = "lighthouse"
    """Positioning deck; with none the client must send external positions."""
    charge: float = 0.95
    """Battery charge at the start, 0 to 1."""

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
        from hardware.virtual.control import READY
        from hardware.virtual.crazyflie.build import build_virtual_crazyflie
        from hardware.virtual.crazyflie.faults import parse_fault
        from hardware.virtual.crazyflie.report import onboard_summary
        from hardware.virtual.crazyflie.robot import Options
        from hardware.virtual.crazyflie.server import Server

        faults = [parse_fault(text) for text in self.fault]
        decks = ("bcLighthouse4",) if self.deck == "lighthouse" else ()
        options = Options(self.profile, self.seed, decks, self.charge)
        robot = build_virtual_crazyflie(self.bundle, options, faults, self.parameter_set)
        ready = f"virtual Crazyflie {READY} {self.uri} (profile {self.profile}); Ctrl-C ends it"
        with Server(robot, self.uri) as server:
            return serve(self, server, parse_fault, ready, lambda: onboard_summary(robot))
