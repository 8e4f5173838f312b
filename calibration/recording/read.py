"""Read a log of any known kind: which one follows from its first bytes, not from its name alone."""

from __future__ import annotations

import hashlib
from pathlib import Path

from calibration.recording.gaps import gap_warnings
from calibration.recording.raw_log import RawLog
from calibration.recording.record import Recording
from sim.errors import ConfigError, StorageError
from sim.registry import load_robot

MCAP_MAGIC = b"\x89MCAP0\r\n"
FORMATS = "a log of sim2metal run (.mcap), a ROS 2 bag, Crazyflie log blocks (.csv) or a PX4 log (.ulg)"


def read_recording(path: Path | str, robot: str | None = None, serial: str | None = None) -> Recording:
    """Read a log; times begin at zero.

    Args:
        path: a file, or the folder of a ROS bag or of a Crazyflie's CSV files.
        robot: a name in ``sim/robots``, where the log does not say it; another than the log's own is refused.
        serial: which robot it is; the log's own if None.

    Raises:
        StorageError: if it cannot be read.
        ConfigError: if it is of no known kind, empty, or of another robot.
    """
    path = Path(path)
    if not path.exists():
        raise StorageError(f"no such log: {path}")
    raw = _read(path, robot)
    if not raw.streams:
        raise ConfigError(f"{path} holds no whole row of any stream")
    if robot is not None and raw.robot not in (None, robot):
        raise ConfigError(f"{path} is a log of robot '{raw.robot}', not of '{robot}'")
    if raw.robot is None:
        raise ConfigError(f"{path} does not say which robot it is of: give --robot")
    if serial and raw.serial and serial != raw.serial:
        raise ConfigError(f"{path} is a log of the {raw.robot} with serial number {raw.serial}, not {serial}")
    start_s = min(float(stream.time_s[0]) for stream in raw.streams.values())
    streams = {name: stream.shifted(-start_s) for name, stream in raw.streams.items()}
    recording = Recording(
        raw.robot, serial or raw.serial, streams, tuple(raw.warnings), str(path), hash_of(path)
    )  # fmt: skip
    _check_widths(recording)
    return recording.with_streams(gap_warnings(recording))


def hash_of(path: Path) -> str:
    """SHA-256 of a file, or of a folder's files by name, hexadecimal."""
    digest = hashlib.sha256()
    for file in sorted(path.iterdir()) if path.is_dir() else [path]:
        if file.is_file():
            digest.update(file.read_bytes())
    return digest.hexdigest()


def _read(path: Path, robot: str | None) -> RawLog:
    if path.is_dir():
        tables = sorted(path.glob("*.csv"))
        if tables and not (path / "metadata.yaml").exists():
            return _crazyflie(tables, robot)
        from calibration.recording.ros_bag import read_ros_bag

        return read_ros_bag(path, robot)
    try:
        with path.open("rb") as file:
            head = file.read(16)
    except OSError as error:
        raise StorageError(f"cannot read log {path}: {error.strerror}") from error
    from calibration.recording.px4_ulog import MAGIC, read_px4_ulog
    from calibration.recording.ros_bag import SQLITE_MAGIC, read_ros_bag

    if head.startswith(MCAP_MAGIC):
        return _mcap(path, robot)
    if head.startswith(MAGIC):
        return read_px4_ulog(path, robot)
    if head.startswith(SQLITE_MAGIC):
        return read_ros_bag(path, robot)
    if path.suffix.lower() == ".csv":
        return _crazyflie([path], robot)
    raise ConfigError(f"{path} is no log of a kind that is known here: {FORMATS}")


def _mcap(path: Path, robot: str | None) -> RawLog:
    """Both the project's logs and ROS bags are MCAP: the writer's name tells, or the topics."""
    from calibration.recording.project_log import read_project_log
    from calibration.recording.ros_bag import read_ros_bag
    from hardware.log_reader import read_content
    from hardware.log_schema import STEPS

    content = read_content(path)
    ours = content.header is not None and content.header.library.startswith("sim2metal")
    if ours or {channel.topic for channel in content.channels.values()} & set(STEPS):
        return read_project_log(path)
    return read_ros_bag(path, robot)


def _crazyflie(paths: list[Path], robot: str | None) -> RawLog:
    from calibration.recording.crazyflie_csv import read_crazyflie_csv

    return read_crazyflie_csv(paths, robot)


def _check_widths(recording: Recording) -> None:
    robot = load_robot(recording.robot)
    for name, stream in recording.streams.items():
        parts = robot.motor_names if name == "motor_command" else robot.joint_names if "joint_" in name else ()
        if parts and stream.size != len(parts):
            raise ConfigError(
                f"{recording.source}: '{name}' has {stream.size} columns, robot '{recording.robot}' {len(parts)}:"
                " say which robot it is with --robot"
            )
