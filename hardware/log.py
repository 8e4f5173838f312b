"""Logs in MCAP: every loop step as JSON with a schema, readable up to the moment of a kill.

Steps are queued by the loop and written by a thread, so that a slow disk never delays a
command; a queue that is full drops steps and says so at the end. A chunk is finished and handed
to the system every 0.1 s; what a ``kill -9`` leaves behind is a file without its index, which
``recover_log`` completes.
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

from hardware.clock import HOST_CLOCK, Clock
from hardware.log_schema import EVENT, FLIGHT_STEP, LogSchema
from sim.errors import StorageError

FLUSH_S = 0.1
"""Longest time a step stays in memory, half of what the project promises (0.2 s)."""
QUEUE_SIZE = 5000
"""Steps that wait at most: ten seconds of a stalled disk at 500 Hz."""


class RunLog:
    """Writes one run; a context manager.

    Args:
        path: the file to create; its folder is created too.
        metadata: bundle id, URI, versions and what else identifies the run.
        schema: of the steps.
        clock: of the steps' times.

    Raises:
        StorageError: if the file cannot be created.
    """

    def __init__(
        self,
        path: Path | str,
        metadata: Mapping[str, str],
        schema: LogSchema = FLIGHT_STEP,
        clock: Clock = HOST_CLOCK,
    ) -> None:
        self.path = Path(path)
        self.dropped = 0
        """Steps and events lost because the disk was too slow for them."""
        self._step_topic = schema.topic
        self._may_wait = clock is not HOST_CLOCK  # simulated time stands still meanwhile
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
            kind.topic: self._writer.register_channel(
                kind.topic, "json", self._writer.register_schema(kind.name, "jsonschema", kind.to_json())
            )
            for kind in (schema, EVENT)
        }
        # MCAP wants a wall-clock; the offset is taken once so that logged intervals stay monotonic.
        self._wall_offset_ns = time.time_ns() - clock.now_ns()
        self._queue: queue.Queue[tuple[str, Mapping[str, Any]] | None] = queue.Queue(QUEUE_SIZE)
        self._thread = threading.Thread(target=self._write_all, name="run-log", daemon=True)
        self._thread.start()

    def step(self, record: Mapping[str, Any]) -> None:
        """Queue one loop step (the fields of the schema); never blocks in real time."""
        self._enqueue((self._step_topic, record))

    def event(self, time_ns: int, kind: str, name: str, **data: Any) -> None:
        """Queue an event; never blocks in real time."""
        self._enqueue((EVENT.topic, {"time_ns": time_ns, "kind": kind, "name": name, "data": data}))

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
        if self.error is None and self.dropped:
            self.error = f"{self.dropped} steps were dropped; the disk was too slow for them"
        if self.error is not None:
            raise StorageError(f"log {self.path} is incomplete, though readable: {self.error}")

    def __enter__(self) -> RunLog:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _enqueue(self, item: tuple[str, Mapping[str, Any]]) -> None:
        try:
            self._queue.put(item, block=self._may_wait)
        except queue.Full:
            self.dropped += 1

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
