"""Flights one after another in a thread: each begins when the operator asks for it and ends with the robot off."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from hardware.flight import Flight, FlightRecord
from hardware.flying.operator_mission import OperatorMission
from hardware.link import Link
from hardware.log import RunLog
from hardware.operator_signals import OperatorSignals
from hardware.pilot import Pilot
from hardware.states import FlightState
from hardware.supervisor import Supervisor
from sim.errors import Sim2MetalError, StorageError

POLL_S = 0.05
JOIN_S = 20.0
"""Longest wait for a landing at the end."""


class Wishes:
    """The operator's wishes from signals and from topics, as the flight loop reads them."""

    def __init__(self, signals: OperatorSignals) -> None:
        self._signals = signals
        self.closing = self.cut = False

    @property
    def stop(self) -> bool:
        """Land."""
        return self._signals.stop or self.closing

    @property
    def kill(self) -> bool:
        """Motors off at once."""
        return self._signals.kill or self.cut


class Sorties:
    """Flies whenever the mission wants it.

    Args:
        link: open.
        make: returns pilot, supervisor and period of a new flight.
        ready: called before a flight; a ``Sim2MetalError`` refuses it.
        signals: the operator's wishes.
        metadata: for the logs.
        log_folder: where logs go; ``None``: nowhere.
        say: prints a line; the flag says whether it is bad news.
        disarmed: whether the robot says that it is disarmed by other means than its state.
    """

    def __init__(
        self,
        link: Link[FlightState],
        make: Callable[[], tuple[Pilot, Supervisor, float]],
        ready: Callable[[], None],
        signals: OperatorSignals,
        metadata: dict[str, str],
        log_folder: Path | None,
        say: Callable[[str, bool], None],
        disarmed: Callable[[], bool] = lambda: False,
    ) -> None:
        self._link, self._make, self._ready = link, make, ready
        self._metadata, self._folder, self._say, self._disarmed = metadata, log_folder, say, disarmed
        self._wishes = Wishes(signals)
        self.mission = OperatorMission()
        self.flight: Flight | None = None
        self.locked = False
        """After an emergency stop: until ``reset``."""
        self.flown = 0
        self._thread = threading.Thread(target=self._run, name="sorties", daemon=True)
        self._thread.start()

    @property
    def mode(self) -> str:
        """Mode of the supervisor."""
        if self.locked:
            return "emergency_stop"
        flight = self.flight
        return "idle" if flight is None else flight.supervisor.mode.value

    @property
    def busy(self) -> bool:
        """Whether a flight is under way."""
        return self.flight is not None

    def emergency_stop(self) -> None:
        """Cut the motors at once, in flight and on the ground."""
        self._wishes.cut = self.locked = True
        if not self.busy:
            self._link.emergency_stop()

    def reset(self) -> bool:
        """Leave the emergency stop; only on the ground."""
        if self.busy:
            return False
        self._wishes.cut = self.locked = False
        self.mission = OperatorMission()
        return True

    def close(self) -> None:
        """Let a flight land, then end; bounded."""
        self._wishes.closing = True
        self._thread.join(JOIN_S)

    def _run(self) -> None:
        while not self._wishes.closing:
            if self.mission.wanted and not self._wishes.stop and not self.locked:
                self._fly()
                self.mission = OperatorMission()
            time.sleep(POLL_S)

    def _fly(self) -> None:
        try:
            self._ready()
            pilot, supervisor, period_s = self._make()
            with self._log() as log:
                self.flight = Flight(self._link, self.mission, supervisor, log, self._wishes, pilot, period_s)
                self._report(self.flight.run())
        except Sim2MetalError as error:
            self._say(f"no flight: {error}", True)
        finally:
            self.flight = None

    def _log(self) -> Any:
        if self._folder is None:
            return nullcontext(_NoLog())
        path = self._folder / time.strftime(f"%Y%m%d-%H%M%S-{self.flown}.mcap")
        try:
            return RunLog(path, self._metadata)
        except StorageError as error:  # a full disk ends the log, not the flight
            self._say(str(error), True)
            return nullcontext(_NoLog())

    def _report(self, record: FlightRecord) -> None:
        self.flown += 1
        faults = [f"{fault['fault']} -> {fault['safe_action']}" for fault in record.faults]
        disarmed = record.disarmed or self._disarmed()
        where = "the robot is disarmed" if disarmed else "the robot did not confirm that it is disarmed"
        if faults:
            self._say(f"flight ended by {', '.join(faults)}; {where}", True)
        else:
            self._say(f"flight of {record.duration_s:.1f} s ended; {where}", not disarmed)


class _NoLog:
    """Takes what a flight log takes and keeps nothing."""

    def step(self, _record: Any) -> None:
        """Drop a step."""

    def event(self, *_args: Any, **_data: Any) -> None:
        """Drop an event."""
