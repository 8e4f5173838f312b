"""From options to a virtual serial robot: which body, which name, which control period."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hardware.virtual.faults import Fault
from hardware.virtual.serial import joint_report, report
from hardware.virtual.serial.board import Options, SerialBoard
from hardware.virtual.serial.faults import parse_fault, parse_joint_fault
from hardware.virtual.serial.joint_robot import VirtualSerialJointRobot
from hardware.virtual.serial.robot import VirtualSerialRobot
from policies.bundle import BundleInfo, load_bundle
from sim.errors import BundleError, ConfigError
from sim.registry import load_robot
from sim.spec import JointParameters, MultirotorParameters

ROBOT = "crazyflie"
"""The airframe: a robot of this size with a serial port."""
JOINT_PERIOD_MS = 20
"""Control period of a robot with joints, if no bundle says another."""


@dataclass(frozen=True)
class Kind:
    """What the command needs to know about flying robots, or those with joints."""

    parse_fault: Callable[[str], Fault]
    summary: Callable[[Any], dict[str, Any]]
    run_it: str
    """What its policy does with it, as an order."""


FLYING = Kind(parse_fault, report.onboard_summary, "fly it")
JOINTED = Kind(parse_joint_fault, joint_report.onboard_summary, "run it")


def kind_of(robot: str) -> Kind:
    """Return the kind of a robot.

    Raises:
        ConfigError: for an unknown robot.
    """
    return FLYING if isinstance(load_robot(robot).parameters(), MultirotorParameters) else JOINTED


def build_serial_robot(
    robot: str = ROBOT,
    bundle: Path | None = None,
    seed: int = 0,
    charge: float = 0.95,
    faults: Sequence[Fault] = (),
    parameter_set: str | None = None,
) -> SerialBoard:
    """Return a robot behind the serial protocol: a multirotor takes motor commands, one with joints joint targets.

    Args:
        robot: its name.
        bundle: whose constants and control period it takes; the policy itself stays on the host.
        seed: of all noise.
        charge: battery charge at the start, 0 to 1.
        faults: to happen later.
        parameter_set: constants; default: the bundle's, or the robot's own default.

    Raises:
        BundleError: if the bundle is broken or for another robot.
        ConfigError: for an unknown robot or parameter set, or a fault this robot cannot suffer.
    """
    if kind_of(robot) is FLYING:
        return build_virtual_serial_robot(bundle, seed, charge, faults, parameter_set, robot)
    return build_virtual_joint_robot(robot, bundle, seed, charge, faults, parameter_set)


def build_virtual_serial_robot(
    bundle: Path | None = None,
    seed: int = 0,
    charge: float = 0.95,
    faults: Sequence[Fault] = (),
    parameter_set: str | None = None,
    robot: str = ROBOT,
) -> VirtualSerialRobot:
    """Return a multirotor that takes motor commands; arguments and errors as for ``build_serial_robot``."""
    spec = load_robot(robot)
    parameter_set, period_ms = _from_bundle(bundle, robot, parameter_set, Options.period_ms)
    parameters = spec.parameters(parameter_set)
    if not isinstance(parameters, MultirotorParameters):
        raise ConfigError(f"robot '{robot}' does not fly")
    return VirtualSerialRobot(parameters, Options(robot, spec.motor_names, period_ms, seed, charge), faults)


def build_virtual_joint_robot(
    robot: str,
    bundle: Path | None = None,
    seed: int = 0,
    charge: float = 0.95,
    faults: Sequence[Fault] = (),
    parameter_set: str | None = None,
) -> VirtualSerialJointRobot:
    """Return a robot that takes joint targets; arguments and errors as for ``build_serial_robot``."""
    spec = load_robot(robot)
    parameter_set, period_ms = _from_bundle(bundle, robot, parameter_set, JOINT_PERIOD_MS)
    parameters = spec.parameters(parameter_set)
    if not isinstance(parameters, JointParameters):
        raise ConfigError(f"robot '{robot}' has no joints")
    options = Options(robot, parameters.joint_names, period_ms, seed, charge)
    return VirtualSerialJointRobot(options, faults, parameter_set)


def _info_for(bundle: Path, robot: str) -> BundleInfo:
    info = load_bundle(bundle).info
    if info.robot.name != robot:
        raise BundleError(f"{bundle}: this bundle is for robot '{info.robot.name}', not for '{robot}'")
    return info


def _period_ms(info: BundleInfo) -> int:
    return round(1000.0 * info.timing.control_period_s)


def _from_bundle(bundle: Path | None, robot: str, parameter_set: str | None, period_ms: int) -> tuple[str | None, int]:
    """Return parameter set and period: the given ones without a bundle; a bundle's period, and its set by default."""
    if bundle is None:
        return parameter_set, period_ms
    info = _info_for(bundle, robot)
    return parameter_set or info.robot.parameter_set, _period_ms(info)
