"""Poses from Vicon, Qualisys, VRPN and others through PyPI's ``motioncapture`` (IMRCLab/libmotioncapture).

That library waits without limit and reads datagrams without looking at lengths, so it runs in a process of its
own (``library_process``): if it hangs or crashes, poses stop, and that the supervisor knows how to answer.
It tells neither frame numbers nor times, so its frames are numbered and stamped as they leave it.
"""

from __future__ import annotations

import importlib.util
import json
import os
import select
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from hardware.mocap.frame import MalformedFrameError, MocapFrame
from hardware.mocap.json_frames import decode_frame
from hardware.mocap.source import OpenOnEntry
from hardware.mocap.uri import MocapUri
from sim.errors import ConfigError, LinkError

CONNECT_TIMEOUT_S = 10.0
"""Longest wait for the first frame: loading the library and its handshake."""
MOST_BUFFERED = 1 << 20
"""Bytes without an end of line after which the process is not believed any more."""
END_TIMEOUT_S = 2.0
ROOT = Path(__file__).resolve().parents[2]


class LibrarySource(OpenOnEntry):
    """See the module.

    Args:
        uri: of the system.
    """

    def __init__(self, uri: MocapUri) -> None:
        self.refused: Counter[str] = Counter()
        self._uri = uri
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe = -1
        self._buffer = b""
        self._first: MocapFrame | None = None

    def open(self) -> None:
        """Start the process and wait for its first frame; see ``PoseSource``."""
        if importlib.util.find_spec("motioncapture") is None:
            raise ConfigError(
                f"{self._uri.text} needs the package motioncapture: pip install -e '.[mocap]'"
                " (OptiTrack needs none by natnet://)"
            )
        self._pipe, theirs = os.pipe()
        os.set_blocking(self._pipe, False)
        configuration = {"hostname": self._uri.host, "interface_ip": self._uri.interface}
        if self._uri.port:
            configuration |= {"port": str(self._uri.port), "port_command": str(self._uri.port)}
        command = [sys.executable, "-m", "hardware.mocap.library_process", str(theirs), self._uri.scheme]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
        self._process = subprocess.Popen(
            [*command, json.dumps(configuration)], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, pass_fds=(theirs,), env=environment,
        )  # fmt: skip
        os.close(theirs)
        deadline_s = time.monotonic() + CONNECT_TIMEOUT_S
        try:
            while self._first is None:
                if time.monotonic() > deadline_s:
                    raise LinkError(f"{self._uri.text}: no frame within {CONNECT_TIMEOUT_S:g} s; is it streaming?")
                self._first = self.receive(0.1)
        except LinkError:
            self.close()
            raise

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()  # it may hang inside the library and holds nothing that needs an orderly end
            process.wait(END_TIMEOUT_S)
            for pipe in (process.stdin, process.stderr):
                if pipe is not None:
                    pipe.close()
        if self._pipe >= 0:
            os.close(self._pipe)
            self._pipe = -1

    def receive(self, timeout_s: float) -> MocapFrame | None:
        """Return the next frame; see ``PoseSource``."""
        if self._first is not None:
            first, self._first = self._first, None
            return first
        if b"\n" not in self._buffer:
            self._read(timeout_s)
        line, end, rest = self._buffer.partition(b"\n")
        if not end:
            if len(self._buffer) > MOST_BUFFERED:
                raise LinkError(f"{self._uri.text}: the library's process says nonsense")
            return None
        self._buffer = rest
        try:
            return decode_frame(line, time.monotonic_ns(), self._uri.up)
        except MalformedFrameError as error:
            self.refused[str(error)] += 1
            return None

    def _read(self, timeout_s: float) -> None:
        if not select.select([self._pipe], [], [], timeout_s)[0]:
            return
        data = os.read(self._pipe, 1 << 16)
        if not data:
            raise LinkError(f"{self._uri.text}: the library ended: {self._last_words()}")
        self._buffer += data

    def _last_words(self) -> str:
        process = self._process
        assert process is not None
        assert process.stderr is not None
        try:
            code = process.wait(END_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            return "it closed its pipe"
        lines = process.stderr.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1][:200] if lines else f"exit code {code}"
