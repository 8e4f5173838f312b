"""PX4 logs (ULog, by pyulog): from north-east-down and forward-right-down to this project's frames and motor order.

Message and field names are PX4's (docs.px4.io, "uORB Message Reference"). A message is dated by ``timestamp_sample``,
when its measurement was taken, where it has one.
"""

from __future__ import annotations

import contextlib
import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from calibration.recording.raw_log import RawLog
from sim.angles import wrapped
from sim.errors import ConfigError, StorageError, ToolchainError
from sim.quaternions import multiply
from sim.registry import load_robot
from sim.spec import MultirotorParameters

MAGIC = b"\x55\x4c\x6f\x67\x01\x12\x35"
"""First bytes of a ULog file (docs.px4.io, "ULog File Format")."""
_HALF = math.sqrt(0.5)
NED_TO_ENU = (0.0, _HALF, _HALF, 0.0)
"""Half a turn about (1, 1, 0): x and y change places, z its sign; quaternion wxyz."""
FRD_TO_FLU = (0.0, 1.0, 0.0, 0.0)
"""Half a turn about x, wxyz."""
QUAD_X_FRD = ((1.0, 1.0), (-1.0, -1.0), (1.0, -1.0), (-1.0, 1.0))
"""Motors 1 to 4 of PX4's quadrotor x, forward and right (docs.px4.io, "Airframes Reference"): front right, rear left,
front left, rear right."""
_FIELDS = {
    "gyro": (
        ("vehicle_angular_velocity", ("xyz[0]", "xyz[1]", "xyz[2]")),
        ("sensor_combined", ("gyro_rad[0]", "gyro_rad[1]", "gyro_rad[2]")),
    ),
    "accelerometer": (
        ("sensor_combined", ("accelerometer_m_s2[0]", "accelerometer_m_s2[1]", "accelerometer_m_s2[2]")),
        ("vehicle_acceleration", ("xyz[0]", "xyz[1]", "xyz[2]")),
    ),
    "attitude": (("vehicle_attitude", ("q[0]", "q[1]", "q[2]", "q[3]")),),
    "position": (("vehicle_local_position", ("x", "y", "z")),),
    "velocity": (("vehicle_local_position", ("vx", "vy", "vz")),),
    "battery": (("battery_status", ("voltage_v",)), ("battery_status", ("voltage_filtered_v",))),
}
"""Where each stream is taken from; the first that a log holds counts."""
MESSAGES = sorted({message for sources in _FIELDS.values() for message, _ in sources} | {"actuator_motors"})


class _NotedReads(io.BytesIO):
    """A file in memory that notes whether somebody asked for more than there was: what a cut file shows."""

    short = False

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        # Three bytes are a message's head: none of them is the file's proper end.
        if size is not None and 0 <= len(data) < size and not (size == 3 and not data):
            self.short = True
        return data


def read_px4_ulog(path: Path, robot: str | None) -> RawLog:
    """Read a log of PX4, whole or cut short.

    Args:
        path: of the file.
        robot: whose motor order the commands are put into; ``x500`` if None.

    Raises:
        StorageError: if it cannot be read.
        ConfigError: if it is not ULog, or holds none of the messages that are known.
    """
    raw = RawLog(robot=robot or "x500")
    if robot is None:
        raw.warn("a PX4 log does not name its robot: taken for an x500; say which with --robot")
    log = _parse(path, raw)
    tables = {data.name: data.data for data in reversed(log.data_list)}  # the first instance counts
    for stream, sources in _FIELDS.items():
        for message, fields in sources:
            if stream not in raw.streams and message in tables and all(name in tables[message] for name in fields):
                values = np.stack([tables[message][name] for name in fields], axis=1).astype(np.float64)
                raw.add(stream, _seconds(tables[message]), in_our_frame(stream, values))
    if "actuator_motors" in tables:
        _add_motors(raw, tables["actuator_motors"], log.initial_parameters)
    if not raw.streams:
        raise ConfigError(f"{path} holds none of the messages {', '.join(MESSAGES)}: nothing to look at")
    return raw


def in_our_frame(stream: str, values: np.ndarray) -> np.ndarray:
    """Return a stream of PX4's frames (NED, FRD) in ours (ENU, FLU), (n, k)."""
    if stream in ("gyro", "accelerometer"):
        return values * [1.0, -1.0, -1.0]
    if stream in ("position", "velocity"):
        return values[:, [1, 0, 2]] * [1.0, 1.0, -1.0]
    if stream == "attitude":
        return multiply(multiply(NED_TO_ENU, values), FRD_TO_FLU)
    return values


def motor_signal(command: np.ndarray, thrust_model_factor: float) -> np.ndarray:
    """Return what a motor's driver is told, 0 to 1, for a thrust command, 0 to 1.

    PX4 takes thrust for ``f u^2 + (1 - f) u`` of the signal u, with f its parameter THR_MDL_FAC.
    """
    f = thrust_model_factor
    if f <= 0.0:
        return command
    return (-(1.0 - f) + np.sqrt((1.0 - f) ** 2 + 4.0 * f * np.clip(command, 0.0, None))) / (2.0 * f)


def motor_order(parameters: MultirotorParameters, rotors_frd: Sequence[tuple[float, float]]) -> list[int] | None:
    """Return which of PX4's motors sits where each of ours does; ``None`` if they do not match one to one.

    Args:
        parameters: of our robot.
        rotors_frd: (forward, right) of each of PX4's motors, in any unit.
    """
    ours = np.arctan2(*np.array(parameters.rotor_position_b)[:, [1, 0]].T)
    theirs = np.arctan2(*np.array([(-right, forward) for forward, right in rotors_frd]).T)
    apart = np.abs(wrapped(ours[:, None] - theirs[None, :]))
    order = apart.argmin(axis=1)
    matched = len(set(order.tolist())) == len(ours) == len(theirs)
    return order.tolist() if matched and float(apart.min(axis=1).max()) < math.radians(20.0) else None


def _parse(path: Path, raw: RawLog) -> Any:
    try:
        from pyulog import ULog
        from pyulog.exceptions import ULogException
    except ModuleNotFoundError:
        raise ToolchainError("PX4 logs need pyulog: pip install pyulog, or make setup") from None
    try:
        file = _NotedReads(path.read_bytes())
    except OSError as error:
        raise StorageError(f"cannot read log {path}: {error.strerror}") from error
    size = len(file.getvalue())
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # it prints what is said below
            log = ULog(file, MESSAGES)
    except (ULogException, ValueError, KeyError, IndexError, TypeError, ArithmeticError) as error:
        raise ConfigError(f"{path} is no ULog file that can be read ({error}): is it whole?") from None
    if log.file_corruption:
        raw.warn("parts of the file are corrupt: what could be parsed around them is read")
    if file.short:
        raw.warn(f"the file is cut short at {size} bytes: what was written before is read")
    if log.dropouts:
        lost_s = 1e-3 * sum(dropout.duration for dropout in log.dropouts)
        raw.warn(f"PX4 itself says that its logger lost {lost_s:.2f} s in {len(log.dropouts)} drop-outs")
    return log


def _seconds(table: Mapping[str, np.ndarray]) -> np.ndarray:
    sampled = table.get("timestamp_sample")
    stamps = table["timestamp"] if sampled is None or not np.all(sampled > 0) else sampled
    return stamps.astype(np.float64) / 1e6


def _add_motors(raw: RawLog, table: Mapping[str, np.ndarray], constants: Mapping[str, Any]) -> None:
    robot = load_robot(str(raw.robot))
    count = len(robot.motor_names)
    names = [f"control[{i}]" for i in range(count)]
    if not count or any(name not in table for name in names):
        raw.warn(f"its motor commands are not of a robot with {count} motors ('{raw.robot}'): left out")
        return
    command = np.stack([table[name] for name in names], axis=1).astype(np.float64)
    factor = float(constants.get("THR_MDL_FAC", 0.0))
    rotors = [
        (float(constants[f"CA_ROTOR{i}_PX"]), float(constants[f"CA_ROTOR{i}_PY"]))
        for i in range(count)
        if f"CA_ROTOR{i}_PX" in constants and f"CA_ROTOR{i}_PY" in constants
    ]
    order = motor_order(robot.parameters(), rotors if len(rotors) == count else QUAD_X_FRD)
    if order is None:
        raw.warn(f"PX4's rotors are not where those of '{raw.robot}' are: motors stay in PX4's order")
        order = list(range(count))
    raw.add("motor_command", _seconds(table), motor_signal(command, factor)[:, order])
