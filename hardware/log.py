"""Flight logs in MCAP: every loop step as JSON with a schema, readable up to the moment of a kill.

Steps are queued by the loop and written by a thread, so that a slow disk never delays a
command. A chunk is finished and handed to the system every 0.1 s; what a ``kill -9`` leaves
behind is a file without its index, which ``recover_log`` completes.
"""

from __future__ import annotations

import json
import queue
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mcap.writer import CompressionType, Writer

from sim.errors import StorageError

FLUSH_S = 0.1
"""Longest time a step stays in memory, half of what the project promises (0.2 s)."""

STEP_TOPIC = "/flight/step"
EVENT_TOPIC = "/flight/event"

_NUMBER = {"type": "number"}
_TEXT = {"type": "string"}
_NUMBERS = {"type": "array", "items": {"type": ["number", "null"]}}


def _vector(size: int) -> dict[str, Any]:
    return {"type": "array", "items": {"type": ["number", "null"]}, "minItems": size, "maxItems": size}


STEP_FIELDS: dict[str, tuple[dict[str, Any], str]] = {
    "time_ns": ({"type": "integer"}, "start of the loop step, host monotonic clock"),
    "mode": (_TEXT, "supervisor mode"),
    "phase": (_TEXT, "mission phase"),
    "target": (_vector(4), "what the mission asked for: x, y, z in m (world), yaw in rad"),
    "setpoint": (_vector(4), "what the supervisor let through, same units; null when nothing was commanded"),
    "command": (_vector(4), "what left the host, in the units of the link; the set-point if the policy is on board"),
    "observation": (_NUMBERS, "what the policy saw, if it ran on the host: the bundle's terms in order; else empty"),
    "action": (_NUMBERS, "what it returned, before limits"),
    "reset": ({"type": "integer"}, "1 when that step began a new episode"),
    "position_w": (_vector(3), "state estimate, m, world"),
    "velocity_w": (_vector(3), "m/s, world"),
    "orientation_wxyz": (_vector(4), "unit quaternion, world<-body"),
    "angular_velocity_b": (_vector(3), "rad/s, body"),
    "motors": (_vector(4), "motor commands as the robot reports them"),
    "battery_v": ({"type": ["number", "null"]}, "pack voltage, V"),
    "state_age_ms": ({"type": ["number", "null"]}, "age of the state estimate at the step"),
    "heard_age_ms": ({"type": ["number", "null"]}, "age of the last packet of any kind"),
    "robot_ms": ({"type": "integer"}, "the robot's clock in its newest state sample"),
    "onboard_mode": ({"type": "integer"}, "mode of the controller on board"),
    "armed": ({"type": "integer"}, "1 when the robot says it is armed"),
}
"""Fields of a step, their JSON schema and meaning. A number that is not finite is written as null."""


def _schema(title: str, fields: Mapping[str, tuple[dict[str, Any], str]]) -> bytes:
    properties = {name: {**kind, "description": text} for name, (kind, text) in fields.items()}
    return json.dumps({"title": title, "type": "object", "properties": properties}).encode()


EVENT_FIELDS: dict[str, tuple[dict[str, Any], str]] = {
    "time_ns": ({"type": "integer"}, "host monotonic clock"),
    "kind": (_TEXT, "fault, mode or note"),
    "name": (_TEXT, "which fault, mode or note"),
    "data": ({"type": "object"}, "details"),
}


class FlightLog:
    """Writes one flight; a context manager.

    Args:
        path: the file to create; its folder is created too.
        metadata: bundle id, URI, versions and what else identifies the flight.

    Raises:
        StorageError: if the file cannot be created.
    """

    def __init__(self, path: Path | str, metadata: Mapping[str, str]) -> None:
        self.path = Path(path)
        self.error: str | None = None
        """Why writing stopped, if it did: a full disk ends the log, not the flight."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("wb")
        except OSError as error:
            raise StorageError(f"cannot write log {self.path}: {error.strerror}; choose another with --log") from error
        self._writer = Writer(self._file, compression=CompressionType.NONE)
        self._writer.start(profile="", library="sim2metal")
        self._writer.add_metadata("sim2metal", {key: str(value) for key, value in metadata.items()})
        self._channels = {
            topic: self._writer.register_channel(
                topic, "json", self._writer.register_schema(name, "jsonschema", _schema(name, fields))
            )
            for topic, name, fields in (
                (STEP_TOPIC, "sim2metal.FlightStep", STEP_FIELDS),
                (EVENT_TOPIC, "sim2metal.FlightEvent", EVENT_FIELDS),
            )
        }
        # MCAP wants a wall-clock; the offset is taken once so that logged intervals stay monotonic.
        self._wall_offset_ns = time.time_ns() - time.monotonic_ns()
        self._queue: queue.SimpleQueue[tuple[str, Mapping[str, Any]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write_all, name="flight-log", daemon=True)
        self._thread.start()

    def step(self, record: Mapping[str, Any]) -> None:
        """Queue one loop step (the keys of ``STEP_FIELDS``); never blocks."""
        self._queue.put((STEP_TOPIC, record))

    def event(self, time_ns: int, kind: str, name: str, **data: Any) -> None:
        """Queue an event; never blocks."""
        self._queue.put((EVENT_TOPIC, {"time_ns": time_ns, "kind": kind, "name": name, "data": data}))

    def close(self) -> None:
        """Write what is queued, the summary and the index, and close the file.

        Raises:
            StorageError: if the disk was full or a record no step; the log up to that moment is readable.
        """
        if self._file.closed:
            return
        self._queue.put(None)
        self._thread.join()
        try:
            if self.error is None:
                self._writer.finish()
            self._file.close()
        except OSError as error:
            self.error = _disk_trouble(error)
        if self.error is not None:
            raise StorageError(f"log {self.path} is incomplete, though readable: {self.error}")

    def __enter__(self) -> FlightLog:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _write_all(self) -> None:
        flush_at = time.monotonic() + FLUSH_S
        while True:
            try:
                item = self._queue.get(timeout=max(flush_at - time.monotonic(), 0.0))
            except queue.Empty:
                item = ()
            if item is None:
                return
            if self.error is None:
                self._write(item, flush=time.monotonic() >= flush_at)
            if time.monotonic() >= flush_at:
                flush_at = time.monotonic() + FLUSH_S

    def _write(self, item: tuple[Any, ...], flush: bool) -> None:
        try:
            if item:
                topic, record = item
                stamp = record["time_ns"] + self._wall_offset_ns
                data = json.dumps(_finite(record), separators=(",", ":"), allow_nan=False).encode()
                self._writer.add_message(self._channels[topic], stamp, data, stamp)
            if flush:
                self._writer.flush()
        except OSError as error:
            self.error = _disk_trouble(error)
        except (KeyError, TypeError, ValueError) as error:  # a record that is no step: said at the end, not in flight
            self.error = f"a record cannot be written ({type(error).__name__}: {error})"


def _disk_trouble(error: OSError) -> str:
    return f"{error.strerror or error}; free some space"


def _finite(value: Any) -> Any:
    """Replace numbers JSON cannot hold by ``None``."""
    if isinstance(value, float):
        return value if value - value == 0.0 else None
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
