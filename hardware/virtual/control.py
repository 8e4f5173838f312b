"""Commands on standard input for a running virtual robot: inject a fault, write the events, stop."""

from __future__ import annotations

import os
from collections.abc import Callable

from rich.console import Console

from hardware.virtual.faults import Fault
from hardware.virtual.server import RobotServer
from sim.errors import ConfigError

READY = "ready on"
"""In the line that is printed when a client may connect."""
ACKNOWLEDGE = "done:"
"""Every command line is answered with this and the line, once it has taken effect."""


class ControlInput:
    """Reads command lines inside the server's loop, so that nothing needs a lock.

    Args:
        server: that of the robot.
        file_descriptor: where the lines come from.
        parse_fault: reads the robot's faults.
        write_events: writes what happened up to now.
    """

    def __init__(
        self,
        server: RobotServer,
        file_descriptor: int,
        parse_fault: Callable[[str], Fault],
        write_events: Callable[[], None],
    ) -> None:
        self._server, self._fd = server, file_descriptor
        self._parse_fault, self._write_events = parse_fault, write_events
        self._buffer = b""
        self._console = Console(highlight=False, soft_wrap=True)

    def start(self) -> None:
        """Begin to listen."""
        os.set_blocking(self._fd, False)
        self._server.watch(self._fd, self._ready)

    def _ready(self) -> None:
        data = os.read(self._fd, 4096)
        if not data:
            # The parent is gone: a virtual robot never outlives it.
            self._server.unwatch(self._fd)
            self._server.stop()
            return
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        for line in lines:
            self._execute(line.decode("utf-8", "replace").strip())

    def _execute(self, line: str) -> None:
        command, _, rest = line.partition(" ")
        try:
            if command == "fault":
                self._server.inject(self._parse_fault(rest))
            elif command == "events":
                self._write_events()
            elif command == "stop":
                self._server.stop()
            else:
                raise ConfigError(f"unknown command '{command}'; write: fault NAME, events or stop")
        except ConfigError as error:
            self._console.print(f"error: {error}")
        else:
            self._console.print(f"{ACKNOWLEDGE} {line}")
