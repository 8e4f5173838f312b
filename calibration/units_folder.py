"""The user's folder of identified robots, one file each by serial number, outside the package."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from calibration.estimate import Estimate
from calibration.recording.record import Recording
from sim.errors import ConfigError
from sim.identified import IdentifiedRobot, read_identified, require_serial, write_identified
from sim.registry import load_robot

FOLDER = Path("units")
PACKAGES = ("sim2metal", "numpy", "scipy", "mujoco", "cmaes", "allantools")
"""Packages whose version can change what is identified."""


def unit_path(folder: Path, serial: str) -> Path:
    """Return where a robot's file is.

    Raises:
        ConfigError: for a serial number that cannot be a file's name.
    """
    require_serial(serial)
    return folder / f"{serial}.json"


def read_unit(path: Path) -> IdentifiedRobot:
    """Read one robot's file.

    Raises:
        StorageError: if it cannot be read.
        ConfigError: if it is not such a file, or has been renamed to another robot's.
    """
    unit = read_identified(path)
    if path.stem != unit.serial:
        raise ConfigError(f"{path} is the file of {unit.serial}: do not rename it, identify the robot itself")
    return unit


def write_unit(folder: Path, unit: IdentifiedRobot) -> Path:
    """Write a robot's file into the folder, whole or not at all; return where.

    Raises:
        StorageError: if it cannot be written.
        ConfigError: if the folder holds a file of that name for a robot of another kind.
    """
    path = unit_path(folder, unit.serial)
    if path.exists():
        before = read_unit(path)
        if before.robot != unit.robot:
            raise ConfigError(f"{path} is of a {before.robot}, not of a {unit.robot}: two robots, one serial number")
    write_identified(path, unit)
    return path


def identified(
    estimate: Estimate, recordings: Sequence[Recording], serial: str, parameter_set: str | None = None
) -> IdentifiedRobot:
    """Return what an estimate says of a robot, with where it comes from.

    Args:
        estimate: of its parameters.
        recordings: what it was fitted to.
        serial: of the robot; recordings that name another are refused.
        parameter_set: the nominal constants it departs from; default: the robot's default.

    Raises:
        ConfigError: if the recordings are of another robot, or of none.
    """
    kinds = {recording.robot for recording in recordings}
    if len(kinds) != 1:
        raise ConfigError(f"the recordings are of {' and '.join(sorted(kinds)) or 'no robot'}: expected one robot")
    for recording in recordings:
        if recording.serial not in (None, serial):
            raise ConfigError(f"{recording.source} is a log of {recording.serial}, not of {serial}")
    robot = load_robot(kinds.pop())
    return IdentifiedRobot(
        serial=serial,
        robot=robot.name,
        parameter_set=robot.parameters(parameter_set).name,
        names=estimate.names,
        units=estimate.units,
        values=estimate.values,
        covariance=estimate.covariance,
        unknown=estimate.unknown,
        holdout=estimate.holdout,
        data_sha256=tuple(recording.sha256 for recording in recordings),
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        software={"python": platform.python_version(), **{name: _version(name) for name in PACKAGES}},
    )


def list_units(folder: Path) -> list[IdentifiedRobot]:
    """Return every robot in the folder, by serial number; an absent folder holds none.

    Raises:
        ConfigError: if a file in it is no robot's.
    """
    return [read_unit(path) for path in sorted(folder.glob("*.json"))]


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
