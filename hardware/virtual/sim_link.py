"""MuJoCo in the same process behind the ``Link`` protocol: ``sim://crazyflie?seed=1&fault=dead-motor=2@flying+3``.

Without protocol, process or port between them, host and robot share a clock that the control
loop itself moves: a flight of half a minute takes a second or two and is the same every time.
With ``pace=real`` it takes as long as it would.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from urllib.parse import unquote

from hardware.checks import Check, check_battery, check_state
from hardware.clock import NS
from hardware.link import LinkHealth
from hardware.states import FlightState
from hardware.virtual.fault_schedule import FaultSchedule
from hardware.virtual.faults import Fault, FaultKind, read_fault
from hardware.virtual.multirotor.free_robot import KINDS, FreeMultirotor
from policies.bundle import Bundle
from sim.errors import ConfigError, LinkError
from sim.registry import load_robot
from sim.spec import ActionLevel, MultirotorParameters, SafeAction

EXAMPLE = "sim://crazyflie"
MS = NS // 1000
LINK_LOSS = "link-loss"
FAULTS = {LINK_LOSS: FaultKind("neither receives nor sends"), **KINDS}
"""Faults that this link can show."""


@dataclass(frozen=True)
class SimAddress:
    """What a ``sim://`` URI says."""

    robot: str
    parameter_set: str | None = None
    seed: int = 0
    faults: tuple[Fault, ...] = ()
    real_time: bool = False


def parse_sim_uri(uri: str) -> SimAddress:
    """Read ``sim://ROBOT?set=NAME&seed=N&fault=FAULT&pace=fast|real``; ``fault`` may come more than once.

    Raises:
        ConfigError: saying what is wrong and what may be there.
    """
    robot, _, query = uri.removeprefix("sim://").partition("?")
    parameter_set, seed, pace = None, 0, "fast"
    faults: list[Fault] = []
    for item in filter(None, query.split("&")):
        key, _, text = item.partition("=")
        value = unquote(text)
        if key == "fault":
            faults.append(read_fault(value, FAULTS))
        elif key == "seed" and value.isdecimal():
            seed = int(value)
        elif key == "set":
            parameter_set = value
        elif key == "pace" and value in ("fast", "real"):
            pace = value
        else:
            raise ConfigError(f"URI '{uri}': cannot use '{item}'; it may have set=NAME, seed=N, fault=…, pace=real")
    return SimAddress(robot, parameter_set, seed, tuple(faults), pace == "real")


class SimClock:
    """The robot's time, moved by whoever waits.

    Args:
        advance: lets the robot live for so many milliseconds.
        real_time: make waiting take as long as it says.
    """

    def __init__(self, advance: Callable[[int], None], real_time: bool) -> None:
        self._advance = advance
        self._real_time = real_time
        self._now_ms = 0
        self._began_s: float | None = None

    def now_ns(self) -> int:
        """Time since the link was opened."""
        return self._now_ms * MS

    def sleep_until(self, deadline_ns: int) -> None:
        """Let the robot live until then."""
        steps = math.ceil(deadline_ns / MS) - self._now_ms
        if steps <= 0:
            return
        if self._began_s is None:  # not before somebody waits: what was loaded until then is no time of the robot's
            self._began_s = time.monotonic() - self._now_ms / 1000.0
        self._now_ms += steps
        self._advance(steps)
        if self._real_time:
            time.sleep(max(0.0, self._began_s + self._now_ms / 1000.0 - time.monotonic()))


class SimLink:
    """A multirotor in this process that takes motor commands.

    Args:
        uri: as ``parse_sim_uri`` reads it.
        level: of the policy's action.
        stopped: unused: nothing here waits.
        external_position: unused: its estimator sees positions anyway.

    Raises:
        ConfigError: for a malformed URI, an unknown or walking robot, or another level.
    """

    def __init__(
        self,
        uri: str,
        level: ActionLevel = "motor",
        stopped: Callable[[], bool] = lambda: False,
        external_position: bool = False,
    ) -> None:
        self.uri = uri
        self.address = parse_sim_uri(uri)
        robot = load_robot(self.address.robot)
        parameters = robot.parameters(self.address.parameter_set)
        if not isinstance(parameters, MultirotorParameters):
            raise ConfigError(f"{uri}: only flying robots run in this process; try sim2metal virtual --help")
        if level != "motor":
            raise ConfigError(
                f"{uri} takes motor commands, not commands of level '{level}'; start a robot that takes them with:"
                " sim2metal virtual crazyflie --profile stock"
            )
        self.level: ActionLevel = "motor"
        self.command_names = robot.motor_names
        self._parameters = parameters
        self._robot: FreeMultirotor | None = None
        self._losses: FaultSchedule | None = None
        self._lost = False
        self._heard_ns = 0
        self._state: FlightState | None = None
        self.clock = SimClock(self._advance, self.address.real_time)

    def open(self) -> None:
        """Build the robot.

        Raises:
            LinkError: if the link is open already.
        """
        if self._robot is not None:
            raise LinkError(f"{self.uri} is already open; close it first")
        own = [fault for fault in self.address.faults if fault.name != LINK_LOSS]
        robot = self._robot = FreeMultirotor(self._parameters, self.address.seed, own)
        losses = [fault for fault in self.address.faults if fault.name == LINK_LOSS]
        self._losses = FaultSchedule(robot.events, self._lose, losses)
        self._hear()

    @property
    def robot(self) -> FreeMultirotor:
        """The robot behind the open link.

        Raises:
            LinkError: if the link is not open.
        """
        if self._robot is None:
            raise LinkError(f"{self.uri} is not open")
        return self._robot

    def checks(self, bundle: Bundle) -> list[Check]:
        """Return the checks before a flight: the right robot, battery, state."""
        wanted, present = bundle.info.robot.name, self.address.robot
        robot = Check("robot", wanted == present, present if wanted == present else f"{present}; fly {wanted}")
        state = self.read()
        return [robot, check_battery(state, bundle.info.limits), check_state(state)]

    def prepare(self) -> Check:
        """Nothing to wait for."""
        return Check("state estimate", True, "simulated")

    def read(self) -> FlightState | None:
        """Return the newest state."""
        return self._state

    def health(self) -> LinkHealth:
        """Return the state of the connection."""
        return LinkHealth(self._robot is not None, self._heard_ns)

    def write(self, command: Sequence[float]) -> None:
        """Command the motors, speed fractions."""
        if not self._lost:
            self.robot.command(command)

    def safe_stop(self, action: SafeAction) -> None:
        """Let the robot do it."""
        if not self._lost:
            self.robot.safe_stop(action)

    def request_arm(self, armed: bool) -> None:
        """Arm or disarm."""
        if not self._lost:
            self.robot.request_arm(armed)

    def emergency_stop(self) -> None:
        """Cut the motors until the link is opened again."""
        if not self._lost:
            self.robot.emergency_stop()

    def close(self) -> None:
        """Forget the robot."""
        self._robot = None

    def __enter__(self) -> SimLink:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _advance(self, duration_ms: int) -> None:
        self.robot.advance(duration_ms)
        if self._losses is not None:
            self._losses.update()
        self._hear()

    def _hear(self) -> None:
        if self._lost:
            return
        self._heard_ns = self.clock.now_ns()
        if not self.robot.stalled:
            self._state = self.robot.state(self._heard_ns)

    def _lose(self, _fault: Fault, active: bool) -> None:
        self._lost = active
