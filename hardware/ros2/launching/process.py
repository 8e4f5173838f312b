"""One process of a launch: its own session, its output line by line, an end in bounded time."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import IO

from hardware.ros2.launching.context import LaunchError


class ManagedProcess:
    """A running process; output and end are reported from threads of its own.

    Args:
        name: for its output.
        command: program and arguments.
        environment: complete environment.
        folder: where it works.
        on_line: called with every line of output, and whether it was an error line.
        on_exit: called once with the return code, after the last line.
        interrupt_later: start it with SIGINT blocked, for a program that unblocks it when it can answer: a Ctrl-C that
            comes while Python itself starts waits until then, instead of a traceback.

    Raises:
        LaunchError: if it cannot be started.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        folder: str | None,
        on_line: Callable[[str, bool], None],
        on_exit: Callable[[int], None],
        interrupt_later: bool = False,
    ) -> None:
        self.name = name
        self.signalled: list[signal.Signals] = []
        """What it was sent, in order."""
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT] if interrupt_later else [])
        try:
            # A session of its own: a Ctrl-C in the terminal reaches the launch, which ends its nodes in order.
            self._process = subprocess.Popen(
                list(command), env=dict(environment), cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, text=True, errors="replace", start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise LaunchError(f"cannot start {name} ({command[0]}): {error.strerror or error}") from None
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        self.pid = self._process.pid
        streams = ((self._process.stdout, False), (self._process.stderr, True))
        self._readers = [
            threading.Thread(target=_read, args=(stream, on_line, bad), daemon=True) for stream, bad in streams
        ]
        for reader in self._readers:
            reader.start()
        threading.Thread(target=self._wait, args=(on_exit,), daemon=True).start()

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def send(self, number: signal.Signals) -> None:
        """Send a signal to it and to what it started."""
        self.signalled.append(number)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    def _wait(self, on_exit: Callable[[int], None]) -> None:
        code = self._process.wait()
        for reader in self._readers:  # a grandchild may hold the pipe open: do not wait for ever
            reader.join(timeout=1.0)
        on_exit(code)


def _read(stream: IO[str] | None, on_line: Callable[[str, bool], None], is_error: bool) -> None:
    assert stream is not None
    with stream:
        for line in stream:
            on_line(line.rstrip("\n"), is_error)
