"""The robots that live in the process of their host: what they take, what can break, how they are built."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from hardware.states import RobotState
from hardware.virtual.events import EventLog
from hardware.virtual.faults import Fault, FaultKind
from hardware.virtual.joints.free_robot import KINDS as JOINT_FAULTS
from hardware.virtual.joints.free_robot import FreeJointRobot, Gains
from hardware.virtual.joints.hidden import hidden_dynamics
from hardware.virtual.multirotor.free_robot import COMMAND_RANGES, FreeMultirotor
from hardware.virtual.multirotor.free_robot import KINDS as FLIGHT_FAULTS
from sim.errors import ConfigError
from sim.registry import load_robot
from sim.spec import ActionLevel, MultirotorParameters, SafeAction

LINK_LOSS = "link-loss"
_LINK_FAULTS = {LINK_LOSS: FaultKind("neither receives nor sends")}
IN_PROCESS_FLIGHT = {**_LINK_FAULTS, **FLIGHT_FAULTS}
IN_PROCESS_JOINTS = {**_LINK_FAULTS, **JOINT_FAULTS}
"""Faults of the two kinds behind ``sim://``."""


class SimRobot(Protocol):
    """A robot without any protocol, whose time its host moves."""

    stalled: bool
    events: EventLog

    def advance(self, duration_ms: int) -> None:
        """Let it live."""
        ...

    def state(self, received_ns: int | None = None) -> RobotState:
        """Return what a link would report now."""
        ...

    def command(self, values: Sequence[float], /) -> None:
        """Take a command."""
        ...

    def request_arm(self, armed: bool) -> None:
        """Arm or disarm."""
        ...

    def safe_stop(self, action: SafeAction) -> None:
        """Begin a safe action."""
        ...

    def emergency_stop(self) -> None:
        """Switch off for good."""
        ...


@dataclass(frozen=True)
class SimKind:
    """What a robot in this process is to its link.

    Attributes:
        command_names: the numbers of a command, by level that it takes.
        faults: that it can suffer.
        build: makes one from seed, faults, level and the gains of joints (``None`` for its own).
    """

    command_names: dict[ActionLevel, tuple[str, ...]]
    faults: dict[str, FaultKind]
    build: Callable[[int, Sequence[Fault], ActionLevel, Gains | None], SimRobot]


def sim_kind(
    name: str, parameter_set: str | None, hang: bool = False, held: bool = False, hidden: int | None = None,
    worn: bool = False,
) -> SimKind:  # fmt: skip
    """Return what a robot is in this process.

    Args:
        name: of the robot.
        parameter_set: its constants; ``None`` for its own default.
        hang: joints: start on the crane.
        held: joints: the base is held in the air and never moves.
        hidden: joints of a held robot: seed of dynamics that its constants do not tell.
        worn: a hidden robot after years.

    Raises:
        ConfigError: for an unknown robot or set, a crane or a stand for a robot that flies, or what excludes the other.
    """
    if hang and held:
        raise ConfigError(f"robot '{name}': hang=1 or held=1, not both")
    if hidden is not None and not held:
        raise ConfigError(f"robot '{name}': hidden=N is for a robot in the air: add held=1")
    if worn and hidden is None:
        raise ConfigError(f"robot '{name}': worn=1 is for a robot whose joints hide their numbers: add hidden=N")
    robot = load_robot(name)
    parameters = robot.parameters(parameter_set)
    if isinstance(parameters, MultirotorParameters):
        if hang or held:
            raise ConfigError(f"robot '{name}' flies: there is no crane and no stand for it")
        names: dict[ActionLevel, tuple[str, ...]] = {"motor": robot.motor_names}
        names |= {level: each for level, (each, _) in COMMAND_RANGES.items()}
        return SimKind(
            names,
            IN_PROCESS_FLIGHT,
            lambda seed, faults, level, _gains: FreeMultirotor(parameters, seed, faults, level=level, robot=robot),
        )
    drawn = None if hidden is None else hidden_dynamics(name, parameter_set, hidden, worn)
    return SimKind(
        {"joint_position": tuple(f"{joint}_rad" for joint in parameters.joint_names)},
        IN_PROCESS_JOINTS,
        lambda seed, faults, _level, gains: FreeJointRobot(
            name, parameter_set, gains, seed, hang, faults, held=held, dynamics=drawn
        ),
    )
