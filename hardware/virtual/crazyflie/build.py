"""From a bundle to a virtual Crazyflie: generate or take its C, compile it, check whose it is."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from firmware_export.c_folder import c_folder
from firmware_export.onboard import OnboardController, build_onboard_library
from hardware.virtual.crazyflie.robot import Options, VirtualCrazyflie
from hardware.virtual.faults import Fault
from policies.bundle import Bundle, load_bundle
from sim.errors import BundleError, ConfigError
from sim.registry import load_robot

ROBOT = "crazyflie"


def build_virtual_crazyflie(
    bundle: Path | None, options: Options | None = None, faults: Sequence[Fault] = (), parameter_set: str | None = None
) -> VirtualCrazyflie:
    """Return a virtual Crazyflie with the bundle's policy on board.

    Args:
        bundle: its folder; may be ``None`` in the stock profile.
        options: profile, seed and equipment.
        faults: to happen later.
        parameter_set: airframe; default: the one the bundle was trained for.

    Raises:
        BundleError: if the bundle is broken or for another robot.
        ConfigError: for an unknown parameter set, or the policy profile without a bundle.
        ToolchainError: if the C cannot be compiled.
    """
    options = options or Options()
    robot = load_robot(ROBOT)
    if bundle is None:
        if options.profile == "policy":
            raise ConfigError("the policy profile needs --bundle; or choose --profile stock")
        return VirtualCrazyflie(robot.parameters(parameter_set), None, options, faults)
    loaded = load_bundle(bundle)
    if loaded.info.robot.name != ROBOT:
        raise BundleError(f"{bundle}: this bundle is for robot '{loaded.info.robot.name}', not for '{ROBOT}'")
    parameters = robot.parameters(parameter_set or loaded.info.robot.parameter_set)
    return VirtualCrazyflie(parameters, load_onboard(loaded), options, faults)


def load_onboard(bundle: Bundle) -> OnboardController:
    """Return the on-board controller with the bundle's policy, compiled for this computer.

    The exported ``c`` folder is used if there is one: that is what would be flashed.

    Raises:
        ToolchainError: if the C cannot be compiled.
        BundleError: if its policy is not one for the on-board controller.
    """
    sizes = (bundle.info.observation_size, bundle.info.action.size)
    if sizes != (22, 4):
        raise BundleError(f"{bundle.path}: the on-board controller needs 22 observations and 4 actions, not {sizes}")
    with tempfile.TemporaryDirectory(prefix="sim2metal-virtual-") as scratch:
        # A loaded library stays mapped when its file is gone.
        library = build_onboard_library(c_folder(bundle, scratch), Path(scratch) / "onboard.so")
        onboard = OnboardController(library, bundle.info.action.nominal[0])
    onboard.config.control_period_ms = round(1000.0 * bundle.info.timing.control_period_s)
    onboard.config.slew_per_s = min(bundle.info.action.slew_limit)
    onboard.restart()
    return onboard
