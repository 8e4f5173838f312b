"""Runs one after another in a thread: each begins when the operator asks for it and ends with the robot off."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from hardware.clock import Clock
from hardware.control_loop import ControlLoop, Mission, RunRecord
from hardware.log import RunLog
from hardware.log_schema import FLIGHT_STEP, LogSchema
from hardware.operator_signals import OperatorSignals
from hardware.realtime import real_time_process
from sim.errors import Sim2MetalError, StorageError

POLL_S = 0.05
JOIN_S = 20.0
"""Longest wait for a landing at the end."""


class Wishes:
    """The operator's wishes from signals and from topics, as the control loop reads them."""

    def __init__(self, signals: OperatorSignals) -> None:
        self._signals = signals
        self.closing = self.cut = False

    @property
    def stop(self) -> bool:
        """Land, or damp."""
        return self._signals.stop or self.closing

    @property
    def kill(self) -> bool:
        """Motors off at once."""
        return self._signals.kill or self.cut


class SteeredMission(Mission, Protocol):
    """A mission that says when it wants to begin."""

    wanted: bool


MissionT = TypeVar("MissionT", bound=SteeredMission)


class LogBook:
    """Makes the log of every run.

    Args:
        folder: where logs go; ``None``: nowhere.
        metadata: bundle id and what else identifies the runs.
        clock: of the logged times.
        schema: of the logged steps.
    """

    def __init__(
        self, folder: Path | None, metadata: dict[str, str], clock: Clock, schema: LogSchema = FLIGHT_STEP
    ) -> None:
        self._folder, self._metadata, self._clock, self._schema = folder, metadata, clock, schema
        self._opened = 0

    def open(self) -> Any:
        """Return a context manager that gives a log.

        Raises:
            StorageError: if it cannot be written.
        """
        if self._folder is None:
            return nullcontext(_NoLog())
        self._opened += 1
        path = self._folder / time.strftime(f"%Y%m%d-%H%M%S-{self._opened}.mcap")
        return RunLog(path, self._metadata, self._schema, self._clock)


class Sorties(Generic[MissionT]):
    """Runs whenever the mission wants it.

    Args:
        new_mission: makes the next mission.
        make: makes the loop of a run from mission, log and wishes.
        ready: called before a run; a ``Sim2MetalError`` refuses it.
        cut: cuts the motors of a robot that is not running.
        signals: the operator's wishes.
        logs: makes the logs.
        say: prints a line; the flag says whether it is bad news.
        disarmed: whether the robot says that it is disarmed by other means than its state.
        wants_real_time: run with real-time scheduling where the system allows it.
    """

    def __init__(
        self,
        new_mission: Callable[[], MissionT],
        make: Callable[[MissionT, RunLog, Any], ControlLoop[Any]],
        ready: Callable[[], None],
        cut: Callable[[], None],
        signals: OperatorSignals,
        logs: LogBook,
        say: Callable[[str, bool], None],
        disarmed: Callable[[], bool] = lambda: False,
        wants_real_time: bool = True,
    ) -> None:
        self._new_mission, self._make, self._ready, self._cut = new_mission, make, ready, cut
        self._logs, self._say, self._disarmed = logs, say, disarmed
        self._wants_real_time = wants_real_time
        self._wishes = Wishes(signals)
        self.mission = new_mission()
        self.loop: ControlLoop[Any] | None = None
        self.locked = False
        """After an emergency stop: until ``reset``."""
        self.done = 0
        """Runs that have ended."""
        self._thread = threading.Thread(target=self._run, name="sorties", daemon=True)
        self._thread.start()

    @property
    def mode(self) -> str:
        """Mode of the supervisor."""
        if self.locked:
            return "emergency_stop"
        loop = self.loop
        return "idle" if loop is None else loop.supervisor.mode.value

    @property
    def busy(self) -> bool:
        """Whether a run is under way."""
        return self.loop is not None

    @property
    def faults(self) -> list[str]:
        """Faults of the present run."""
        loop = self.loop
        return [] if loop is None else [record.fault.value for record in loop.supervisor.faults]

    def require_ready(self) -> None:
        """Ask what is asked before a run, unless one is under way.

        Raises:
            Sim2MetalError: for what would refuse it.
        """
        if not self.busy:
            self._ready()

    def emergency_stop(self) -> None:
        """Cut the motors at once, running or not."""
        self._wishes.cut = self.locked = True
        if not self.busy:
            self._cut()

    def reset(self) -> bool:
        """Leave the emergency stop; only while nothing runs."""
        if self.busy:
            return False
        self._wishes.cut = self.locked = False
        self.mission = self._new_mission()
        return True

    def close(self) -> None:
        """Let a run come to rest, then end; bounded."""
        self._wishes.closing = True
        self._thread.join(JOIN_S)

    def _run(self) -> None:
        while not self._wishes.closing:
            if self.mission.wanted and not self._wishes.stop and not self.locked:
                self._go()
                self.mission = self._new_mission()
            time.sleep(POLL_S)

    def _go(self) -> None:
        try:
            self._ready()
            with self._open_log() as log, real_time_process(self._wants_real_time):
                self.loop = self._make(self.mission, log, self._wishes)
                record = self.loop.run()
            self._report(record)
        except Sim2MetalError as error:
            self._say(f"refused: {error}", True)
        finally:
            self.loop = None

    def _open_log(self) -> Any:
        try:
            return self._logs.open()
        except StorageError as error:  # a full disk costs the log, not the flight
            self._say(str(error), True)
            return nullcontext(_NoLog())

    def _report(self, record: RunRecord) -> None:
        self.done += 1
        faults = [f"{fault['fault']} -> {fault['safe_action']}" for fault in record.faults]
        disarmed = record.disarmed or self._disarmed()
        where = "the robot is disarmed" if disarmed else "the robot did not confirm that it is disarmed"
        if faults:
            self._say(f"ended by {', '.join(faults)}; {where}", True)
        else:
            self._say(f"ended in order after {record.duration_s:.1f} s; {where}", not disarmed)


class _NoLog:
    """Takes what a log takes and keeps nothing."""

    def step(self, _record: Any) -> None:
        """Drop a step."""

    def event(self, *_args: Any, **_data: Any) -> None:
        """Drop an event."""
