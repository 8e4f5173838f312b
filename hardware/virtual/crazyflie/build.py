"""From a bundle to a virtual Crazyflie: generate or take its C, compile it, check whose it is."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from firmware_export.c_folder import c_folder
from firmware_export.onboard import OnboardController, build_onboard_library
from hardware.virtual.crazyflie.fleet import Fleet, FleetFault, places
from hardware.virtual.crazyflie.robot import Options, VirtualCrazyflie
from hardware.virtual.faults import Fault
from policies.bundle import C_FOLDER, Bundle, load_bundle
from policies.weights_image import WeightsTooLargeError
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


def build_fleet(
    count: int,
    spacing_m: float,
    bundle: Path | None,
    options: Options,
    faults: Sequence[FleetFault] = (),
    parameter_set: str | None = None,
) -> Fleet:
    """Return ``count`` virtual Crazyflies on a grid, each with its own seed.

    Args:
        count: how many.
        spacing_m: between neighbours.
        bundle: as for one.
        options: of the first; the others count on from its seed.
        faults: to happen later.
        parameter_set: as for one.

    Raises:
        BundleError, ConfigError, ToolchainError: as for one.
    """
    first = build_virtual_crazyflie(bundle, options, (), parameter_set)
    onboards: list[OnboardController | None] = [None] * (count - 1)
    if bundle is not None and count > 1:
        onboards = [*load_onboards(load_bundle(bundle), count - 1)]
    others = [
        VirtualCrazyflie(first.body.parameters, onboard, replace(options, seed=options.seed + number))
        for number, onboard in enumerate(onboards, 1)
    ]
    for robot, (x, y) in zip([first, *others], places(count, spacing_m)):
        robot.body.place(x, y)
    return Fleet([first, *others], faults)


def load_onboard(bundle: Bundle) -> OnboardController:
    """Return one on-board controller; see ``load_onboards``."""
    return load_onboards(bundle, 1)[0]


def load_onboards(bundle: Bundle, count: int) -> list[OnboardController]:
    """Return on-board controllers with the bundle's policy, compiled once for this computer.

    The exported ``c`` folder is used if there is one: that is what would be flashed. Without, the weights can
    be replaced by radio wherever they fit a bank.

    Raises:
        ToolchainError: if the C cannot be compiled.
        BundleError: if its policy is not one for the on-board controller.
    """
    sizes = (bundle.info.observation_size, bundle.info.action.size)
    if sizes != (22, 4):
        raise BundleError(f"{bundle.path}: the on-board controller needs 22 observations and 4 actions, not {sizes}")
    with tempfile.TemporaryDirectory(prefix="sim2metal-virtual-") as scratch:
        # A loaded library stays mapped when its file is gone.
        library = build_onboard_library(_firmware(bundle, scratch), Path(scratch) / "onboard.so")
        onboards = [OnboardController(library, bundle.info.action.nominal[0]) for _ in range(count)]
    for onboard in onboards:
        onboard.config.control_period_ms = round(1000.0 * bundle.info.timing.control_period_s)
        onboard.config.slew_per_s = min(bundle.info.action.slew_limit)
        onboard.restart()
    return onboards


def _firmware(bundle: Bundle, scratch: str) -> Path:
    if (bundle.path / C_FOLDER / "policy.c").is_file():
        return c_folder(bundle, scratch)
    from firmware_export.bundle_c import write_bundle_c  # brings onnx, which an exported bundle does not need

    try:
        return write_bundle_c(bundle, scratch, replaceable=True)
    except WeightsTooLargeError:
        return c_folder(bundle, scratch)
