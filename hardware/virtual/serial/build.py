"""From options to a virtual serial robot: which airframe, which name, which control period."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hardware.virtual.faults import Fault
from hardware.virtual.serial.robot import Options, VirtualSerialRobot
from policies.bundle import load_bundle
from sim.errors import BundleError
from sim.registry import load_robot

ROBOT = "crazyflie"
"""The airframe: a robot of this size with a serial port."""


def build_virtual_serial_robot(
    bundle: Path | None = None,
    seed: int = 0,
    charge: float = 0.95,
    faults: Sequence[Fault] = (),
    parameter_set: str | None = None,
) -> VirtualSerialRobot:
    """Return a multirotor that takes motor commands.

    Args:
        bundle: whose airframe and control period it takes; the policy itself stays on the host.
        seed: of all noise.
        charge: battery charge at the start, 0 to 1.
        faults: to happen later.
        parameter_set: airframe; default: the bundle's, or the robot's own default.

    Raises:
        BundleError: if the bundle is broken or for another robot.
        ConfigError: for an unknown parameter set.
    """
    robot = load_robot(ROBOT)
    period_ms = Options.period_ms
    if bundle is not None:
        info = load_bundle(bundle).info
        if info.robot.name != ROBOT:
            raise BundleError(f"{bundle}: this bundle is for robot '{info.robot.name}', not for '{ROBOT}'")
        parameter_set = parameter_set or info.robot.parameter_set
        period_ms = round(1000.0 * info.timing.control_period_s)
    options = Options(ROBOT, robot.motor_names, period_ms, seed, charge)
    return VirtualSerialRobot(robot.parameters(parameter_set), options, faults)
