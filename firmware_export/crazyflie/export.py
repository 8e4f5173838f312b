"""What ``sim2metal export`` does for the target ``crazyflie`` besides writing its folder."""

from __future__ import annotations

import dataclasses
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from firmware_export.build import Build
from firmware_export.crazyflie.app_values import app_values
from firmware_export.crazyflie.firmware import BINARY, FirmwareBuild, build_firmware, require_checkout
from firmware_export.targets import Target
from policies.bundle import load_bundle
from sim.errors import ConfigError, StorageError

TARGET = "crazyflie"


def template_values(target: Target, policy: Path) -> dict[str, str]:
    """Return what the target's templates want to know of the policy besides its C; nothing for other targets.

    Args:
        target: of any kind.
        policy: folder of a bundle, or an ONNX file.

    Raises:
        ConfigError: if the app is wanted for a bare ONNX file.
        BundleError: if the app cannot fly the bundle.
    """
    if target.name != TARGET:
        return {}
    if policy.is_file():
        raise ConfigError(f"{policy}: the Crazyflie app needs a bundle, which says what the numbers mean; train one")
    return app_values(load_bundle(policy))


def check_firmware(firmware: Path | None, targets: Sequence[Target]) -> Path | None:
    """Return the checkout to build in, before anything else is done.

    Raises:
        ConfigError: if there is nothing to build in it.
        ToolchainError: if it cannot be used; says why.
    """
    if firmware is None:
        return None
    if TARGET not in {target.name for target in targets}:
        raise ConfigError(f"--firmware is for the Crazyflie app: add '--target {TARGET}'")
    return require_checkout(firmware)


def build_with_firmware(builds: Sequence[Build], checkout: Path, out: Path) -> tuple[list[Build], FirmwareBuild]:
    """Build the firmware with the app and put ``cf2.bin`` into the app's folder.

    Args:
        builds: of all targets.
        checkout: from ``check_firmware``.
        out: folder the targets were built into.

    Returns:
        The builds, the app's with its binary, and what the firmware takes.

    Raises:
        ToolchainError: if the firmware's build fails.
        StorageError: if the disk is full.
    """
    folder = out / TARGET
    try:
        with tempfile.TemporaryDirectory(dir=out, prefix=".firmware-") as scratch:
            app = Path(scratch) / "app"
            shutil.copytree(folder, app)
            built = build_firmware(checkout, app, Path(scratch))
            binary = folder / BINARY
            built.binary.replace(binary)
    except OSError as error:
        raise StorageError(f"cannot write {out}: {error.strerror or error}; free some space") from error
    name = f"{TARGET}/{BINARY}"
    with_binary = [
        dataclasses.replace(build, files=(*build.files, name)) if build.target.name == TARGET else build
        for build in builds
    ]
    return with_binary, dataclasses.replace(built, binary=binary)
