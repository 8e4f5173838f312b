"""A virtual robot as a child process: free port, waits until ready, always ended."""

from __future__ import annotations

import json
import os
import queue
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from hardware.virtual.control import ACKNOWLEDGE, READY
from sim.errors import LinkError

START_TIMEOUT_S = 60.0
"""Loading and compiling, on a busy computer."""
STOP_TIMEOUT_S = 10.0
ROOT = Path(__file__).resolve().parents[2]


def free_uri() -> str:
    """Return a loopback URI whose port is free now."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return f"udp://127.0.0.1:{probe.getsockname()[1]}"


class VirtualProcess:
    """Runs ``sim2metal virtual``; a context manager.

    Attributes:
        uri: where the robot listens.
    """

    def __init__(self, robot: str = "crazyflie", uri: str | None = None, options: Sequence[str] = ()) -> None:
        """Prepare; nothing runs before entry.

        Args:
            robot: which virtual robot.
            uri: where it listens; default: a free port on the loopback interface, for the serial
                robot a pseudo-terminal in a folder of its own.
            options: further command-line options, e.g. ``("--bundle", "runs/b", "--fault", "link-loss@8")``.
        """
        self._scratch = tempfile.TemporaryDirectory(prefix="sim2metal-virtual-")
        self.uri = uri or (f"serial://{self._scratch.name}/port" if robot == "serial" else free_uri())
        options = list(options)
        if "--events" not in options:
            options += ["--events", str(Path(self._scratch.name) / "events.json")]
        self._events = Path(options[options.index("--events") + 1])
        self._command = [sys.executable, "-m", "sim2metal", "virtual", robot, "--uri", self.uri, "--control", *options]
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start the robot and wait until a client may connect.

        Raises:
            LinkError: with the robot's own message if it does not start.
        """
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env=environment,
        )  # fmt: skip
        threading.Thread(target=self._read, args=(self._process,), daemon=True).start()
        self._wait_for(READY, START_TIMEOUT_S)

    def inject(self, fault: str) -> None:
        """Inject a fault (``faults.parse_fault``); returns when it has been accepted.

        Raises:
            LinkError: if the robot refuses it or is gone.
        """
        self._say(f"fault {fault}")

    def events(self) -> dict[str, Any]:
        """Return the event log up to now, or of the whole run after ``stop``."""
        if self._process is not None:
            self._say("events")
        return json.loads(self._events.read_text())

    def stop(self) -> None:
        """End the robot; it is gone afterwards in any case."""
        process, self._process = self._process, None
        if process is None:
            return
        try:
            if process.stdin is not None:
                process.stdin.close()
            process.wait(STOP_TIMEOUT_S)
        except (OSError, subprocess.TimeoutExpired):
            process.kill()
            process.wait()

    def kill(self) -> None:
        """End the robot at once, as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _say(self, line: str) -> None:
        process = self._process
        if process is None or process.stdin is None:
            raise LinkError(f"the virtual robot on {self.uri} is not running")
        try:
            process.stdin.write(line + "\n")
            process.stdin.flush()
        except OSError:
            raise LinkError(f"the virtual robot on {self.uri} has ended") from None
        self._wait_for(f"{ACKNOWLEDGE} {line}", STOP_TIMEOUT_S)

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        with process.stdout:
            for line in process.stdout:
                self._lines.put(line.rstrip())
        self._lines.put(None)

    def _wait_for(self, text: str, timeout_s: float) -> None:
        deadline = time.monotonic() + timeout_s
        seen: list[str] = []
        while (left := deadline - time.monotonic()) > 0.0:
            try:
                line = self._lines.get(timeout=left)
            except queue.Empty:
                break
            if line is None:
                break
            seen.append(line)
            if text in line:
                return
            if line.startswith("error:"):
                break
        self.kill()
        raise LinkError(f"virtual robot on {self.uri}: {seen[-1] if seen else 'no answer'}")
