"""Which robot is meant: its serial number against the bundle that is to move it, and against its file.

A bundle that was trained for one identified robot moves no other; a file in the units folder that has a robot's serial
number is of that robot, and of its kind.
"""

from __future__ import annotations

from pathlib import Path

from hardware.registry import moves_metal
from policies.bundle import Bundle
from sim.errors import ConfigError
from sim.identified import read_identified, require_same_robot, require_serial, serial_of

UNITS = Path("units")
"""Folder of the files of identified robots, one ``<serial>.json`` each."""


def check_robot(bundle: Bundle, serial: str | None, uri: str | None, units: Path, option: str = "--serial ") -> str:
    """Refuse a bundle for another robot, and one for a certain robot where nobody says which is there.

    Args:
        bundle: that is to move it.
        serial: of the robot; ``None`` where nobody said.
        uri: where it is; ``None`` where only topics are known.
        units: folder of the files of identified robots.
        option: how a user says the serial number, up to the number itself.

    Returns:
        What a user should know of the robot's file; empty if there is nothing.

    Raises:
        ConfigError: naming both robots.
        StorageError: if the robot's file cannot be read.
    """
    trained_for = serial_of(bundle.info.provenance)
    if serial is None:
        if trained_for is not None and uri is not None and moves_metal(uri):
            raise ConfigError(
                f"{bundle.path} was trained for the robot with serial number {trained_for}: say that it is the one at"
                f" {uri} with {option}{trained_for}"
            )
        return ""
    require_same_robot(bundle.info.provenance, serial, str(bundle.path))
    return _check_file(bundle, units / f"{serial}.json", serial)


def serials_of(names: tuple[str, ...], count: int, option: str) -> list[str | None]:
    """Return one serial number per robot, ``None`` where none are given.

    Args:
        names: given, in the robots' order.
        count: of robots.
        option: how a user says them.

    Raises:
        ConfigError: for another number of them than robots, a double one, or one that is none.
    """
    if not names:
        return [None] * count
    if len(names) != count:
        raise ConfigError(f"{option} names {len(names)} robots: expected one serial number for each of {count}")
    for name in names:
        require_serial(name)
        if names.count(name) > 1:
            raise ConfigError(f"{option} names {name} twice: a serial number is of one robot")
    return list(names)


def _check_file(bundle: Bundle, path: Path, serial: str) -> str:
    if not path.exists():
        return ""
    unit, robot = read_identified(path), bundle.info.robot.name
    if unit.serial != serial:
        raise ConfigError(f"{path} is the file of {unit.serial}: do not rename it, identify the robot itself")
    if unit.robot != robot:
        raise ConfigError(f"{path} is of a {unit.robot}; {bundle.path} moves a {robot}: two robots, one serial number")
    used = bundle.info.provenance.get("identified")
    if not used:
        return f"{serial} is identified ({path}); this bundle was not trained for it"
    if used.get("sha256") != unit.sha256():
        return (
            f"{path} is of {unit.date}: the bundle was trained with another one, of {used.get('date', 'unknown date')}"
        )
    return ""
