"""``sim2metal virtual crazyflie``: its options, and the robot behind its UDP port."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

from hardware.virtual.crazyflie.faults import KINDS
from hardware.virtual.verb import FAULT_SYNTAX, CommonArgs, fault_help, serve
from sim.errors import ConfigError

if TYPE_CHECKING:
    from hardware.virtual.crazyflie.server import Server

DEFAULT_URI = "udp://127.0.0.1:19850"
PERIOD_S = 0.01
"""Control period where no bundle says another: that of the state."""
MOST_ROBOTS = 100
MOST_SPACING_M = 5.0
MOST_EXCHANGES = 10_000


@dataclass
class CrazyflieArgs(CommonArgs):
    """A Crazyflie for the real cflib: MuJoCo is its body, the bundle's C code its controller.

    Example: sim2metal virtual crazyflie --bundle runs/hover/bundle --fault packet-loss=5 link-loss@flying+8
    """

    fault: Annotated[tuple[str, ...], tyro.conf.arg(metavar=FAULT_SYNTAX, help=fault_help(KINDS))] = ()
    uri: Annotated[str, tyro.conf.arg(metavar="URI")] = DEFAULT_URI
    """Where to listen; another computer can connect only if the host is this one's address or 0.0.0.0."""
    bundle: Annotated[Path | None, tyro.conf.arg(metavar="FOLDER")] = None
    """The policy on board; required by the policy profile."""
    profile: Literal["policy", "stock"] = "policy"
    """Which controller flies after the start: the bundle's policy or the stock PID."""
    parameter_set: Annotated[str | None, tyro.conf.arg(metavar="NAME")] = None
    """Airframe; default: the one the bundle was trained for."""
    deck: Literal["lighthouse", "none"] = "lighthouse"
    """Positioning deck; with none the client must send external positions."""
    count: int = 1
    """How many robots; the others listen on the ports that follow. A fault of one: NUMBER/NAME, numbered from 0."""
    spacing: float = 0.5
    """Distance between neighbours, who stand on a square grid, m."""
    shared_radio: Annotated[float | None, tyro.conf.arg(metavar="PER_SECOND")] = None
    """All robots share one Crazyradio with this many exchanges (a packet each way) per second: 500 to 1000 in practice.
    Default: each robot has the link to itself."""
    mocap: Annotated[str | None, tyro.conf.arg(metavar="URI")] = None
    """Motion capture that sees the robots (as cf1, cf2, ...): natnet://127.0.0.1:1510 serves OptiTrack's protocol,
    json://127.0.0.1:19990 sends JSON there; with ?up=y and rate=HZ."""
    lock_step: bool = False
    """Time stands still until the client moves it by one control period: its URI ends in clock=robot. One
    robot only."""
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
        if not 1 <= self.count <= MOST_ROBOTS:
            raise ConfigError(f"--count {self.count}: expected a whole number from 1 to {MOST_ROBOTS}")
        if self.shared_radio is not None and not 1.0 <= self.shared_radio <= MOST_EXCHANGES:
            raise ConfigError(
                f"--shared-radio {self.shared_radio}: expected 1 to {MOST_EXCHANGES} exchanges per second"
            )
        if self.lock_step and (self.count > 1 or self.shared_radio is not None or self.mocap is not None):
            raise ConfigError("--lock-step: one robot only, and neither --shared-radio nor --mocap")
        if not 0.0 <= self.spacing <= MOST_SPACING_M:
            raise ConfigError(f"--spacing {self.spacing}: expected a number from 0 to {MOST_SPACING_M:g} m")

    def _lock_step_ms(self) -> int | None:
        """Return how far the client moves time at once: the bundle's control period."""
        from policies.bundle import load_bundle

        if not self.lock_step:
            return None
        period_s = PERIOD_S if self.bundle is None else load_bundle(self.bundle).info.timing.control_period_s
        return round(1000.0 * period_s)

    def run(self) -> dict[str, Any]:
        """Serve until the end; returns the summary without the list of events.

        Raises:
            Sim2MetalError: one line that says what to do.
        """
        from hardware.virtual.control import READY
        from hardware.virtual.crazyflie.build import build_fleet, build_virtual_crazyflie
        from hardware.virtual.crazyflie.faults import parse_fault
        from hardware.virtual.crazyflie.fleet import parse_fleet_fault
        from hardware.virtual.crazyflie.report import onboard_summary
        from hardware.virtual.crazyflie.robot import Options
        from hardware.virtual.crazyflie.server import Server, consecutive

        decks = ("bcLighthouse4",) if self.deck == "lighthouse" else ()
        options = Options(self.profile, self.seed, decks, self.charge)
        if self.count == 1:
            robot = build_virtual_crazyflie(self.bundle, options, [*map(parse_fault, self.fault)], self.parameter_set)
            ready = f"virtual Crazyflie {READY} {self.uri} (profile {self.profile}); Ctrl-C ends it"
            with Server(robot, self.uri, self.shared_radio, self._lock_step_ms()) as server:
                self._track(server)
                return serve(self, server, parse_fault, ready, lambda: onboard_summary(robot))
        uris = consecutive(self.uri, self.count)
        faults = [*map(parse_fleet_fault, self.fault)]
        fleet = build_fleet(self.count, self.spacing, self.bundle, options, faults, self.parameter_set)
        ready = f"{self.count} virtual Crazyflies {READY} {uris[0]} to {uris[-1]} (profile {self.profile})"
        with Server(fleet, self.uri, self.shared_radio) as server:
            self._track(server)
            return serve(self, server, parse_fleet_fault, f"{ready}; Ctrl-C ends them", fleet.summary)

    def _track(self, server: Server) -> None:
        if self.mocap is not None:
            server.track(self.mocap, self.seed)
