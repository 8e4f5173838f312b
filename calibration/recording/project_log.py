"""The project's own logs (MCAP, ``hardware/log.py``): states on the robot's stamps, commands on the host's clock.

The robot's stamps are put on the host's clock by the line between the two, so that the jitter of the radio does not
become noise of the motion. What lag all packets have from the beginning on stays in the states' times.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from calibration.recording.clocks import DRIFT_PPM, fit_line
from calibration.recording.raw_log import RawLog, in_order
from calibration.recording.record import Stream, make_stream
from calibration.reporting.record import UNKNOWN_S
from hardware.crazyflie.telemetry import CLOCK_BITS
from hardware.log_reader import read_log
from hardware.log_schema import JOINT_STEP
from sim.errors import ConfigError
from sim.registry import load_robot, robot_names

PWM_FULL = 65535.0
"""Largest motor command of a Crazyflie (crazyflie-firmware ``motors.c``: 0 to UINT16_MAX)."""
_STATE = {"gyro": "angular_velocity_b", "attitude": "orientation_wxyz"}
_FLIGHT = {"position": "position_w", "velocity": "velocity_w"}
_JOINTS = {"joint_position": "joint_position", "joint_velocity": "joint_velocity", "joint_torque": "joint_torque"}
_LATE_S = 0.02
"""Stamps that scatter by more than this about the line between the clocks are no better than the arrival."""


def read_project_log(path: Path) -> RawLog:
    """Read a log of ``sim2metal run``, whole or cut short.

    Raises:
        StorageError: if it cannot be read.
        ConfigError: if it holds no steps, or another robot's joints.
    """
    log = read_log(path)
    time_s = log["time_s"]
    if len(time_s) < 2:
        raise ConfigError(f"{path} holds {len(time_s)} loop steps: nothing to look at; fly again with --log")
    metadata = log["metadata"]
    raw = RawLog(robot=metadata.get("robot") or None, serial=metadata.get("serial") or None)
    if not log["complete"]:
        raw.warn(f"the log is cut short after {time_s[-1]:.2f} s; what was written before is read (sim2metal recover)")
    rows, state_s = _state_times(log, raw)
    of_joints = log["topic"] == JOINT_STEP.topic
    for name, field in {**_STATE, **(_JOINTS if of_joints else _FLIGHT)}.items():
        if log[field].shape[1]:
            raw.add(name, state_s, log[field][rows])
    raw.add("battery", state_s, log["battery_v"][rows])
    if of_joints:
        raw.add("joint_target", time_s, log["command"])
        _order_joints(raw, metadata)
    else:
        raw.add("setpoint", time_s, log["setpoint"])
        _add_motors(raw, log, rows, state_s, metadata)
    for name in ("observation", "action"):
        if log[name].shape[1]:
            raw.add(name, time_s, log[name])
    if "action" in raw.streams:
        raw.add("reset", time_s, log["reset"].astype(np.float64))
    return raw


def _state_times(log: dict[str, Any], raw: RawLog) -> tuple[np.ndarray, np.ndarray]:
    """Return the steps that brought a new state, and when those states were measured, on the host's clock, s."""
    age_s = np.nan_to_num(log["state_age_ms"] / 1e3, nan=np.inf)
    stamp_ms = _unwrapped(log["robot_ms"])
    fresh = (age_s < UNKNOWN_S) & np.concatenate([[True], np.diff(stamp_ms) > 0])
    rows = np.flatnonzero(fresh)
    old = float((age_s >= UNKNOWN_S).mean())
    if old > 0.0:
        raw.warn(f"{old:.1%} of the steps had no state younger than {UNKNOWN_S:g} s: the link was silent")
    if len(rows) < 10:  # a robot whose clock stands still: every step counts
        rows = np.flatnonzero(age_s < UNKNOWN_S)
        return rows, (log["time_s"] - age_s)[rows]
    arrived_s, stamp_s = (log["time_s"] - age_s)[rows], stamp_ms[rows] / 1e3
    line = fit_line(stamp_s, arrived_s)
    if abs(line.drift) * 1e6 > DRIFT_PPM:
        raw.warn(f"the robot's clock drifts by {-1e6 * line.drift:+.0f} ppm against the host's: put on the host's")
    return rows, line.ours(stamp_s) if line.residual_s < _LATE_S else arrived_s


def _unwrapped(stamp_ms: np.ndarray) -> np.ndarray:
    """Robot stamps as a counter that goes on, over its wrap after 24 bits (4.7 hours) and whatever starts it anew."""
    steps = np.diff(stamp_ms)
    wrapped = steps < -(1 << (CLOCK_BITS - 1))
    return stamp_ms + np.concatenate([[0], np.cumsum(wrapped) << CLOCK_BITS])


def _add_motors(
    raw: RawLog, log: dict[str, Any], rows: np.ndarray, state_s: np.ndarray, metadata: dict[str, str]
) -> None:
    """What the motors were told: what left the host if that was for motors, at its time; else as the robot reports it.

    A report is of the command that was in force when the state was measured, so of the one before it.
    """
    if raw.robot in robot_names():
        motors = load_robot(str(raw.robot)).motor_names
        if motors and metadata.get("action_names", "").split() == list(motors):
            raw.add("motor_command", log["time_s"], log["command"][:, : len(motors)])
    reported = log["motors"][rows]
    if "motor_command" not in raw.streams and np.isfinite(reported).all(axis=1).any():
        # A fraction never exceeds one, and a 16-bit number that never does is of a robot that never flew.
        scale = PWM_FULL if np.nanmax(reported) > 1.0 else 1.0
        raw.add("motor_command", state_s, reported / scale)


def _order_joints(raw: RawLog, metadata: dict[str, str]) -> None:
    """Put joints from the bundle's order into the robot's."""
    names = metadata.get("joint_names", "").split()
    if raw.robot not in robot_names() or not names:
        raw.warn("the log does not name its joints: they are taken to be in the robot's order")
        return
    columns = in_order(names, load_robot(str(raw.robot)).joint_names, f"a log of robot '{raw.robot}'")
    if columns is None:
        return
    for name, stream in raw.streams.items():
        if name.startswith("joint_"):
            raw.streams[name] = _chosen(name, stream, columns)


def _chosen(name: str, stream: Stream, columns: list[int]) -> Stream:
    return make_stream(name, stream.time_s, stream.values[:, columns])
