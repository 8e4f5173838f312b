"""Logs of a Crazyflie as CSV: one file per log block, as cfclient writes them, or scripts about cflib.

A file has the column ``Timestamp``, milliseconds of the robot's clock, and one per log variable. Units are those of
crazyflie-firmware's documented log groups (``stabilizer.c``, ``estimator.c``, ``motors.c``, ``pm_stm32f4.c``).
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from calibration.recording.clocks import unwrap_counter
from calibration.recording.project_log import PWM_FULL
from calibration.recording.raw_log import RawLog
from hardware.crazyflie.telemetry import CLOCK_BITS
from sim.errors import ConfigError, StorageError

STANDARD_GRAVITY = 9.80665
"""One g in m/s^2 (CGPM 1901): the unit of ``acc``."""
TIME_NAMES = ("timestamp", "time", "time_ms", "t")
"""Names of the time column, any case; cfclient writes ``Timestamp``."""

Convert = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Source:
    """Log variables that make one stream."""

    stream: str
    variables: tuple[str, ...]
    convert: Convert


def _scaled(factor: float) -> Convert:
    return lambda values: values * factor


def _xyz(group: str, *names: str) -> tuple[str, ...]:
    return tuple(f"{group}.{name}" for name in (names or ("x", "y", "z")))


def euler_to_quaternion(angles_deg: np.ndarray) -> np.ndarray:
    """Return quaternions (n, 4) of roll, pitch, yaw (n, 3) in degrees, the pitch as the firmware logs it.

    Its legacy frame has the nose up as positive (``stabilizer.c``: "pitch is inverted"); the body's y axis points
    left, so that up is a negative turn about it. The order is yaw, pitch, roll about the moving axes.
    """
    roll, pitch, yaw = 0.5 * np.radians(angles_deg.T * np.array([[1.0], [-1.0], [1.0]]))
    cr, sr, cp, sp, cy, sy = np.cos(roll), np.sin(roll), np.cos(pitch), np.sin(pitch), np.cos(yaw), np.sin(yaw)
    columns = (
        cr * cp * cy + sr * sp * sy,
        sr * cp * cy - cr * sp * sy,
        cr * sp * cy + sr * cp * sy,
        cr * cp * sy - sr * sp * cy,
    )
    return np.stack(columns, axis=1)


def decompress_quaternion(packed: np.ndarray) -> np.ndarray:
    """Return quaternions (n, 4) wxyz from 32 bits each (``quatcompress.h``), (n, 1).

    The two highest bits say which of x, y, z, w is largest; the others follow, x first, with a sign and nine bits
    of magnitude in units of 1/(sqrt(2) 511) each.
    """
    word = packed[:, 0].astype(np.int64) & 0xFFFFFFFF
    largest = word >> 30
    xyzw = np.zeros((len(word), 4))
    for column in (3, 2, 1, 0):  # the last written is in the lowest bits
        here = largest != column
        size = (word & 511) / 511.0 * np.sqrt(0.5)
        xyzw[here, column] = np.where((word >> 9) & 1, -size, size)[here]
        word = np.where(here, word >> 10, word)
    rest = np.sqrt(np.maximum(1.0 - np.square(xyzw).sum(axis=1), 0.0))
    xyzw[np.arange(len(word)), largest] = rest
    return xyzw[:, [3, 0, 1, 2]]


SOURCES = (
    Source("gyro", _xyz("gyro"), np.radians),
    Source("gyro", _xyz("stateEstimateZ", "rateRoll", "ratePitch", "rateYaw"), _scaled(1e-3)),
    Source("accelerometer", _xyz("acc"), _scaled(STANDARD_GRAVITY)),
    Source("position", _xyz("stateEstimate"), _scaled(1.0)),
    Source("position", _xyz("stateEstimateZ"), _scaled(1e-3)),
    Source("position", _xyz("kalman", "stateX", "stateY", "stateZ"), _scaled(1.0)),
    Source("position", _xyz("lighthouse"), _scaled(1.0)),
    Source("position", _xyz("locSrv"), _scaled(1.0)),
    Source("velocity", _xyz("stateEstimate", "vx", "vy", "vz"), _scaled(1.0)),
    Source("velocity", _xyz("stateEstimateZ", "vx", "vy", "vz"), _scaled(1e-3)),
    Source("attitude", _xyz("stateEstimate", "qw", "qx", "qy", "qz"), _scaled(1.0)),
    Source("attitude", _xyz("kalman", "q0", "q1", "q2", "q3"), _scaled(1.0)),
    Source("attitude", ("stateEstimateZ.quat",), decompress_quaternion),
    Source("attitude", _xyz("stateEstimate", "roll", "pitch", "yaw"), euler_to_quaternion),
    Source("attitude", _xyz("stabilizer", "roll", "pitch", "yaw"), euler_to_quaternion),
    Source("motor_command", _xyz("motor", "m1", "m2", "m3", "m4"), _scaled(1.0 / PWM_FULL)),
    Source("motor_command", _xyz("pwm", "m1_pwm", "m2_pwm", "m3_pwm", "m4_pwm"), _scaled(1.0 / PWM_FULL)),
    Source("battery", ("pm.vbat",), _scaled(1.0)),
    Source("battery", ("pm.vbatMV",), _scaled(1e-3)),
    Source("setpoint", _xyz("ctrltarget", "x", "y", "z", "yaw"), lambda v: v * [1.0, 1.0, 1.0, np.pi / 180.0]),
)
"""Where each stream is taken from; the first that a log holds whole counts."""


def read_crazyflie_csv(paths: Sequence[Path], robot: str | None = None) -> RawLog:
    """Read the log blocks of one flight.

    Args:
        paths: the files.
        robot: which Crazyflie; ``crazyflie`` if None.

    Raises:
        StorageError: if a file cannot be read.
        ConfigError: if a file has no time column, or none holds a variable that is known.
    """
    raw = RawLog(robot=robot or "crazyflie")
    columns: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    for path in paths:
        time_s, table = _read_table(path, raw)
        columns.update({name: (time_s, values) for name, values in table.items()})
    for source in SOURCES:
        if source.stream not in raw.streams and all(name in columns for name in source.variables):
            parts = [columns[name] for name in source.variables]
            time_s = parts[0][0]
            if any(len(part[0]) != len(time_s) or (part[0] != time_s).any() for part in parts):
                raw.warn(f"{source.stream}: its variables come in blocks of different times; put them into one block")
                continue
            values = np.stack([part[1] for part in parts], axis=1)
            good = np.isfinite(values).all(axis=1)
            raw.add(source.stream, time_s[good], source.convert(values[good]))
    if not raw.streams:
        raise ConfigError(
            f"{paths[0]}: no log variables of a Crazyflie that are known here (such as gyro.x or stateEstimate.x);"
            f" it has: {', '.join(list(columns)[:8]) or 'nothing'}"
        )
    return raw


def _read_table(path: Path, raw: RawLog) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return times, s, and columns of one file; a row that is cut or is no numbers is left out, and said."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise StorageError(f"cannot read log {path}: {error.strerror}") from error
    rows = list(csv.reader(text.splitlines()))
    header = [name.strip() for name in rows[0]] if rows else []
    time_column = next((i for i, name in enumerate(header) if name.lower() in TIME_NAMES), None)
    if time_column is None:
        raise ConfigError(f"{path}: no column 'Timestamp' (ms) in its first line, as cfclient writes it")
    good = [numbers for row in rows[1:] if (numbers := _numbers(row, len(header))) is not None]
    bad = sum(1 for row in rows[1:] if row) - len(good)
    if bad:
        cut = bad == 1 and _numbers(rows[-1], len(header)) is None
        raw.warn(f"{path.name}: " + ("its last line is cut" if cut else f"{bad} lines are no numbers, left out"))
    table = np.array(good, np.float64).reshape(len(good), len(header))
    return _seconds(table[:, time_column], path, raw), {
        name: table[:, i] for i, name in enumerate(header) if i != time_column
    }


def _seconds(stamps: np.ndarray, path: Path, raw: RawLog) -> np.ndarray:
    """Stamps in ms, as 24 bits that wrap after 4.7 hours; fractions of a second where a script wrote those."""
    steps = np.diff(stamps)
    if len(steps) and 0.0 < np.median(steps) < 0.5:
        raw.warn(f"{path.name}: its times are taken as seconds, since they rise by less than 1 ms a row")
        return stamps
    return unwrap_counter(np.round(stamps), CLOCK_BITS) / 1e3


def _numbers(row: Sequence[str], size: int) -> list[float] | None:
    if len(row) != size:
        return None
    try:
        return [float(value) for value in row]
    except ValueError:
        return None
