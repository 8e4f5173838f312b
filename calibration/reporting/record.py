"""One flight or run as arrays over time: what the plots and the video need from a log, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hardware.log_reader import read_log
from hardware.log_schema import JOINT_STEP
from sim.errors import ConfigError

UNKNOWN_S = 0.25
"""A state older than this is drawn as no state. Flights end at 0.15 s (``hardware/flying/faults.py``): what is
beyond is the last one, repeated while nothing is heard."""


@dataclass(frozen=True)
class Phase:
    """A stretch of time in one mode of the supervisor and one phase of the mission."""

    mode: str
    """``hardware.supervisor.Mode``: who decides."""
    name: str
    """The mission's phase while it flies, else the mode."""
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Fault:
    """A fault the supervisor saw."""

    name: str
    time_s: float
    safe_action: str = ""
    detected_ms: float | None = None
    """From its onset until the supervisor saw it."""
    safe_action_ms: float | None = None
    """From its onset until the safe action was in force."""


@dataclass(frozen=True)
class RunRecord:
    """What every log holds, on a clock that starts at zero; ``N`` loop steps."""

    time_s: np.ndarray  # (N,) increasing
    quaternion: np.ndarray  # (N, 4) wxyz, world <- body
    state_age_s: np.ndarray  # (N,) age of the state at the step
    latency_s: np.ndarray  # (N,) from the arrival of the state to the command that rests on it, NaN without one
    round_trip_s: np.ndarray  # (N,) to the robot and back, NaN where nobody measured it
    battery_v: np.ndarray  # (N,)
    phases: tuple[Phase, ...]
    faults: tuple[Fault, ...]
    metadata: dict[str, str]
    complete: bool
    """Whether the log ends as it should, and not with a kill or a full disk."""

    @property
    def duration_s(self) -> float:
        """From the first to the last logged step."""
        return float(self.time_s[-1] - self.time_s[0])

    @property
    def period_s(self) -> np.ndarray:
        """Measured loop period, (N - 1,), seconds."""
        return np.diff(self.time_s)

    @property
    def undisturbed_age_s(self) -> np.ndarray:
        """Age of the state at every step before the first fault, (M,): behind it the age is the fault's own."""
        first = min((fault.time_s for fault in self.faults), default=np.inf)
        return self.state_age_s[(self.time_s < first) & np.isfinite(self.state_age_s)]


@dataclass(frozen=True)
class JointRecord(RunRecord):
    """A run of a robot with ``J`` joints."""

    position: np.ndarray  # (N, J) rad
    target: np.ndarray  # (N, J) rad, NaN while none left the host
    velocity: np.ndarray  # (N, J) rad/s
    torque: np.ndarray  # (N, J) N m
    temperature_c: np.ndarray  # (N, J)

    @property
    def tilt_rad(self) -> np.ndarray:
        """Angle between body z and world z, (N,)."""
        _, x, y, _ = self.quaternion.T
        norm = np.sum(self.quaternion**2, axis=1)
        return np.arccos(np.clip(1.0 - 2.0 * (x * x + y * y) / norm, -1.0, 1.0))


@dataclass(frozen=True)
class FlightRecord(RunRecord):
    """A flight."""

    position_w: np.ndarray  # (N, 3) m, NaN before the first estimate
    set_point_w: np.ndarray  # (N, 3) m, NaN while none left the host
    motors: np.ndarray  # (N, 4) motor commands as the robot reports them

    @property
    def error_m(self) -> np.ndarray:
        """Distance to the set-point, (N,), metres; NaN while there is none."""
        return np.linalg.norm(self.position_w - self.set_point_w, axis=1)

    def phase_at(self, time_s: float) -> str:
        """Return the phase's name at a time, or an empty string."""
        for phase in reversed(self.phases):
            if phase.start_s <= time_s:
                return phase.name
        return ""

    def resampled(self, time_s: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return position (F, 3), unit quaternion (F, 4) and set-point (F, 3) at the times (F,).

        The position is interpolated, the set-point held; the quaternion is interpolated and
        normalised, which is exact enough between two steps of a control loop.
        """
        known = np.all(np.isfinite(self.position_w), axis=1) & np.all(np.isfinite(self.quaternion), axis=1)
        if not known.any():
            raise ConfigError("the log holds no state estimate: there is no flight to draw")
        quaternion = _continuous(self.quaternion[known])
        columns = (*self.position_w[known].T, *quaternion.T)
        state = np.stack([np.interp(time_s, self.time_s[known], column) for column in columns], axis=1)
        held = np.clip(np.searchsorted(self.time_s, time_s, side="right") - 1, 0, len(self.time_s) - 1)
        unit = state[:, 3:] / np.maximum(np.linalg.norm(state[:, 3:], axis=1, keepdims=True), 1e-9)
        return state[:, :3], unit, self.set_point_w[held]


def load_record(path: Path) -> FlightRecord | JointRecord:
    """Read a log, whole or cut short.

    Raises:
        StorageError: if the file is missing or is not MCAP.
        ConfigError: if it holds no flight and no run.
    """
    return from_log(read_log(path), str(path))


def from_log(log: dict[str, Any], name: str) -> FlightRecord | JointRecord:
    """Turn what ``read_log`` returns into a record; ``name`` is for error messages.

    Raises:
        ConfigError: if there are fewer than two steps.
    """
    time_s = log["time_s"]
    if len(time_s) < 2:
        raise ConfigError(f"{name} holds no flight ({len(time_s)} loop steps): fly again with --log")
    start_ns = int(log["time_ns"][0])
    faults = [event for event in log["events"] if event["kind"] == "fault"]
    known = _known(log)
    common: dict[str, Any] = {
        "time_s": time_s,
        "quaternion": known("orientation_wxyz"),
        "state_age_s": log["state_age_ms"] / 1e3,
        "latency_s": log["latency_ms"] / 1e3,
        "round_trip_s": log["round_trip_ms"] / 1e3,
        "battery_v": log["battery_v"],
        "phases": _phases(time_s, log["mode"], log["phase"]),
        "faults": tuple(_fault(event, start_ns) for event in faults),
        "metadata": log["metadata"],
        "complete": bool(log["complete"]),
    }
    if log["topic"] == JOINT_STEP.topic:
        return JointRecord(
            **common,
            position=known("joint_position"),
            target=log["command"],
            velocity=known("joint_velocity"),
            torque=known("joint_torque"),
            temperature_c=known("temperature_c"),
        )
    return FlightRecord(
        **common, position_w=known("position_w"), set_point_w=log["setpoint"][:, :3], motors=known("motors")
    )


def _known(log: dict[str, Any]) -> Callable[[str], np.ndarray]:
    """Return a function that gives a column of the state, NaN where the state was too old to be one."""
    unknown = (log["state_age_ms"] > 1e3 * UNKNOWN_S)[:, None]
    return lambda name: np.where(unknown, np.nan, log[name])


def _fault(event: dict[str, Any], start_ns: int) -> Fault:
    data = event.get("data") or {}
    times = (data.get(name) for name in ("detected_ms", "safe_action_ms"))
    return Fault(str(event["name"]), (event["time_ns"] - start_ns) / 1e9, str(data.get("safe_action", "")), *times)


def _phases(time_s: np.ndarray, mode: np.ndarray, mission: np.ndarray) -> tuple[Phase, ...]:
    name = np.where(mode == "running", mission, mode)
    changed = (mode[1:] != mode[:-1]) | (name[1:] != name[:-1])
    starts = np.flatnonzero(np.concatenate([[True], changed]))
    ends = [*time_s[starts[1:]], time_s[-1]]
    return tuple(Phase(str(mode[i]), str(name[i]), float(time_s[i]), float(end)) for i, end in zip(starts, ends))


def _continuous(quaternion: np.ndarray) -> np.ndarray:
    """Flip signs so that neighbours lie on the same half-sphere (q and -q are one rotation)."""
    flips = np.cumprod(np.where(np.sum(quaternion[1:] * quaternion[:-1], axis=1) < 0.0, -1.0, 1.0))
    return quaternion * np.concatenate([[1.0], flips])[:, None]
