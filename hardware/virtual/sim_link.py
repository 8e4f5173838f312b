"""MuJoCo in the same process behind the ``Link`` protocol: ``sim://crazyflie?seed=1&fault=dead-motor=2@flying+3``.

It takes what the bundle commands: motors or attitude and thrust of a multirotor, joint targets of a
robot with joints (``sim://g1``), which are followed with the bundle's gains.

Without protocol, process or port between them, host and robot share a clock that the control
loop itself moves: a flight of half a minute takes a second or two and is the same every time.
With ``pace=real`` it takes as long as it would.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any
from urllib.parse import unquote

from hardware.checks import Check, check_battery, check_state
from hardware.clock import NS
from hardware.link import LinkHealth
from hardware.states import RobotState
from hardware.virtual.fault_schedule import FaultSchedule
from hardware.virtual.faults import Fault, read_fault
from hardware.virtual.joints.free_robot import Gains
from hardware.virtual.sim_robots import LINK_LOSS, SimKind, SimRobot, sim_kind
from policies.bundle import Bundle
from sim.errors import ConfigError, LinkError
from sim.spec import ANY_AIRFRAME, ActionLevel, JointLimits, SafeAction

EXAMPLE = "sim://crazyflie"
MS = NS // 1000


@dataclass(frozen=True)
class SimAddress:
    """What a ``sim://`` URI says."""

    robot: str
    parameter_set: str | None = None
    seed: int = 0
    faults: tuple[Fault, ...] = ()
    real_time: bool = False
    hang: bool = False
    held: bool = False
    hidden: int | None = None
    worn: bool = False

    @property
    def kind(self) -> SimKind:
        """What the robot is in this process."""
        return sim_kind(self.robot, self.parameter_set, self.hang, self.held, self.hidden, self.worn)


def parse_sim_uri(uri: str) -> SimAddress:
    """Read ``sim://ROBOT?set=NAME&seed=N&fault=FAULT&pace=fast|real&hang=1``; ``fault`` may come more than once.

    With ``held=1`` the base of a robot with joints is held in the air, and with ``hidden=N``, too, its joints have
    dynamics drawn from that seed: what ``calibrate fit`` is to find; with ``worn=1`` they are those of an old robot.

    Raises:
        ConfigError: saying what is wrong and what may be there.
    """
    robot, _, query = uri.removeprefix("sim://").partition("?")
    address, faults = SimAddress(robot), []
    for item in filter(None, query.split("&")):
        key, _, text = item.partition("=")
        value = unquote(text)
        if key == "fault":
            faults.append(value)
        elif key == "seed" and value.isdecimal():
            address = replace(address, seed=int(value))
        elif key == "set":
            address = replace(address, parameter_set=value)
        elif key == "pace" and value in ("fast", "real"):
            address = replace(address, real_time=value == "real")
        elif key in ("hang", "held", "worn") and value in ("0", "1"):
            address = replace(address, **{key: value == "1"})
        elif key == "hidden" and value.isdecimal():
            address = replace(address, hidden=int(value))
        else:
            raise ConfigError(
                f"URI '{uri}': cannot use '{item}'; it may have set=NAME, seed=N, fault=..., pace=real, hang=1,"
                " held=1, hidden=N, worn=1"
            )
    known = address.kind.faults
    return replace(address, faults=tuple(read_fault(text, known) for text in faults))


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
    """A robot in this process.

    Args:
        uri: as ``parse_sim_uri`` reads it.
        level: of the policy's action: a multirotor takes motors or attitude and thrust, joints take positions.
        stopped: unused: nothing here waits.
        external_position: unused: its estimator sees positions anyway.

    Raises:
        ConfigError: for a malformed URI, an unknown robot, or a level that it does not take.
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
        self._kind = self.address.kind
        if level not in self._kind.command_names:
            takes = " or ".join(f"'{name}'" for name in self._kind.command_names)
            raise ConfigError(f"{uri} takes commands of level {takes}, not '{level}': is the bundle for another robot?")
        self.level: ActionLevel = level
        self.command_names = self._kind.command_names[level]
        self._robot: SimRobot | None = None
        self._losses: FaultSchedule | None = None
        self._lost = False
        self._heard_ns = 0
        self._state: RobotState | None = None
        self.clock = SimClock(self._advance, self.address.real_time)

    def open(self) -> None:
        """Build the robot.

        Raises:
            LinkError: if the link is open already.
        """
        if self._robot is not None:
            raise LinkError(f"{self.uri} is already open; close it first")
        self._build(None)

    def _build(self, gains: Gains | None) -> None:
        own = [fault for fault in self.address.faults if fault.name != LINK_LOSS]
        robot = self._robot = self._kind.build(self.address.seed, own, self.level, gains)
        losses = [fault for fault in self.address.faults if fault.name == LINK_LOSS]
        self._losses = FaultSchedule(robot.events, self._lose, losses)
        self._hear()

    @property
    def robot(self) -> Any:
        """The robot behind the open link, a ``SimRobot`` of its kind.

        Raises:
            LinkError: if the link is not open.
        """
        if self._robot is None:
            raise LinkError(f"{self.uri} is not open")
        return self._robot

    def checks(self, bundle: Bundle) -> list[Check]:
        """Return the checks before a run: the right robot, battery, state; a robot with joints takes the gains over."""
        wanted, present = bundle.info.robot.name, self.address.robot
        fits = bundle.info.robot.parameter_set == ANY_AIRFRAME and len(self.command_names) == bundle.info.action.size
        right = fits or wanted == present
        robot = Check("robot", right, present if right else f"{present}; the bundle: {wanted}")
        constants = bundle.info.robot.constants
        if robot.passed and isinstance(bundle.info.limits, JointLimits) and {"kp", "kd"} <= constants.keys():
            self._build((constants["kp"], constants["kd"]))
        state = self.read()
        return [robot, check_battery(state, bundle.info.limits), check_state(state)]

    def prepare(self) -> Check:
        """Nothing to wait for."""
        return Check("state estimate", True, "simulated")

    def read(self) -> RobotState | None:
        """Return the newest state."""
        return self._state

    def health(self) -> LinkHealth:
        """Return the state of the connection."""
        return LinkHealth(self._robot is not None, self._heard_ns)

    def write(self, command: Sequence[float]) -> None:
        """Command it at its level."""
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
