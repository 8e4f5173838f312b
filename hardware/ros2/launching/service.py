"""Runs a launch: one thread that visits entities, answers events and ends every process in order."""

from __future__ import annotations

import heapq
import itertools
import os
import queue
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from hardware.ros2.launching import events
from hardware.ros2.launching.context import Action, LaunchContext, LaunchDescription, visit_all
from hardware.ros2.launching.process import ManagedProcess

HELPER_JOIN_S = 5.0
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True)
class EndTimes:
    """How long a process may take to end, s (the defaults of ``ExecuteProcess``)."""

    sigterm_s: float = 5.0
    """From SIGINT to SIGTERM."""
    sigkill_s: float = 5.0
    """From SIGTERM to SIGKILL."""


class LaunchService:
    """One launch.

    Args:
        write: prints one line; called from several threads.
    """

    def __init__(self, write: Callable[[str], None]) -> None:
        self.context = LaunchContext(self)
        self.handlers: list[events.EventHandler] = []
        self.failures: list[str] = []
        """What went wrong, in order; empty for a good launch."""
        self._write = write
        self._queue: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count(1)
        self._running: list[tuple[ManagedProcess, Action, EndTimes]] = []
        self._interrupts = 0
        self.shutting_down = False
        self.ended = threading.Event()
        """Set when the launch begins to end: helpers stop waiting."""
        self._helpers: list[threading.Thread] = []

    # What actions use ------------------------------------------------------------------------

    def say(self, text: str, source: str = "launch") -> None:
        """Print a line of the launch itself."""
        self._write(f"[INFO] [{source}]: {text}")

    def complain(self, text: str, source: str = "launch") -> None:
        """Print an error and remember that the launch failed."""
        self.failures.append(f"{source}: {text}")
        self._write(f"[ERROR] [{source}]: {text}")

    def post(self, work: Callable[[], None]) -> None:
        """Do some work on the launch's own thread; callable from any thread and from signal handlers."""
        self._queue.put(work)

    def after(self, delay_s: float, work: Callable[[], None]) -> None:
        """Do some work after a time, unless the launch ends before; on the launch's thread only."""
        heapq.heappush(self._timers, (time.monotonic() + delay_s, next(self._numbers), work))

    def emit(self, event: events.Event) -> None:
        """Let the handlers answer an event."""
        self.post(lambda: self._handle(event))

    def help_from(self, thread: threading.Thread) -> None:
        """Start a thread that works for the launch; its end is waited for before the launch returns."""
        self._helpers.append(thread)
        thread.start()

    def start_process(
        self,
        action: Action,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str] | None = None,
        folder: str | None = None,
        end_times: EndTimes | None = None,
        quiet: bool = False,
        interrupt_later: bool = False,
    ) -> None:
        """Start a process; its lines are printed behind its name and number.

        Args:
            action: whose process it is, for event handlers.
            name: of the process.
            command: program and arguments.
            environment: added to this process's.
            folder: where it works.
            end_times: how long it may take to end.
            quiet: print error lines only.
            interrupt_later: as for ``ManagedProcess``.

        Raises:
            LaunchError: if it cannot be started.
        """
        if self.shutting_down:
            return
        label = f"{name}-{next(self._numbers)}"

        def on_line(line: str, is_error: bool) -> None:
            if is_error or not quiet:
                self._write(f"[{label}] {line}")

        def on_exit(code: int) -> None:
            self.post(lambda: self._exited(process, action, code))

        complete = {**os.environ, **(environment or {})}
        process = ManagedProcess(label, command, complete, folder, on_line, on_exit, interrupt_later)
        self._running.append((process, action, end_times or EndTimes()))
        self.say(f"process started with pid [{process.pid}]", label)
        self.emit(events.ProcessStarted(action, label, process.pid))

    # The launch ------------------------------------------------------------------------------

    def run(self, description: LaunchDescription) -> list[str]:
        """Launch until every process has ended; returns what went wrong.

        Raises:
            LaunchError: from the description, after everything already started has ended.
        """
        with self._signals():
            try:
                visit_all([description], self.context)
                self._work()
            finally:
                self._begin_end("the launch failed")
                self._work()
                for helper in self._helpers:
                    helper.join(HELPER_JOIN_S)
        return self.failures

    def _work(self) -> None:
        """Answer events until nothing runs and nothing is planned."""
        while self._running or self._timers or not self._queue.empty():
            wait_s = max(self._timers[0][0] - time.monotonic(), 0.0) if self._timers else None
            try:
                self._queue.get(timeout=wait_s)()
            except queue.Empty:
                heapq.heappop(self._timers)[2]()

    def _handle(self, event: events.Event) -> None:
        answers = [handler for handler in self.handlers if handler.matches(event)]
        for handler in answers:
            visit_all(handler.handle(event, self.context), self.context)
        if isinstance(event, events.Shutdown):
            self._begin_end(event.reason)

    def _exited(self, process: ManagedProcess, action: Action, code: int) -> None:
        self._running = [entry for entry in self._running if entry[0] is not process]
        asked = bool(process.signalled) and signal.SIGKILL not in process.signalled
        if code == 0 or (asked and code in (-process.signalled[-1], 128 + process.signalled[-1], 130)):
            self.say(f"process has finished cleanly [pid {process.pid}]", process.name)
        else:
            self.complain(f"process has died [pid {process.pid}, exit code {code}]", process.name)
        self._handle(events.ProcessExited(action, process.name, process.pid, code))
        if self.shutting_down:
            self._end_next()

    # The end ---------------------------------------------------------------------------------

    @contextmanager
    def _signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        previous = {number: signal.signal(number, lambda *_: self.post(self._interrupted)) for number in SIGNALS}
        try:
            yield
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)

    def _interrupted(self) -> None:
        self._interrupts += 1
        if self._interrupts == 1:
            self._handle(events.Shutdown("ctrl-c"))
            return
        for process, _, _ in self._running:  # impatient: all at once, then for good
            process.send(signal.SIGTERM if self._interrupts == 2 else signal.SIGKILL)

    def _begin_end(self, reason: str) -> None:
        if self.shutting_down:
            return
        self.shutting_down = True
        self.ended.set()
        self._timers.clear()
        if self._running:
            self.say(f"ending {len(self._running)} processes, the last started first: {reason}")
        self._end_next()

    def _end_next(self) -> None:
        """Ask the last started process to end, unless it has been asked already; insist after its times."""
        if not self._running:
            self._timers.clear()
            return
        process, _, times = self._running[-1]
        if process.signalled:
            return
        process.send(signal.SIGINT)
        self.after(times.sigterm_s, lambda: self._insist(process, signal.SIGTERM))
        self.after(times.sigterm_s + times.sigkill_s, lambda: self._insist(process, signal.SIGKILL))

    def _insist(self, process: ManagedProcess, number: signal.Signals) -> None:
        if process.running:
            self.complain(f"did not end in time: sending {number.name}", process.name)
            process.send(number)
