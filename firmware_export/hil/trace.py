"""Every instruction that an emulated microcontroller executes inside one function, with its registers.

QEMU writes them to a pipe (``-singlestep -d exec,cpu``), restricted by address to the function and what
it calls, so that waiting for the serial port is not recorded.
"""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType

from firmware_export.hil.board import Board
from firmware_export.hil.emulator import Emulator
from firmware_export.targets import Target

ANSWER_TIMEOUT_S = 120.0
"""A step of half a million instructions takes seconds to write down."""

Record = Callable[[int, bytes], None]
"""Called with the address of each executed instruction and QEMU's dump of the registers before it."""


class TracedBoard:
    """An emulated board whose execution is recorded; use it as a context manager.

    Attributes:
        board: the connected board.
    """

    def __init__(self, target: Target, image: Path | str, ranges: Iterable[tuple[int, int]], record: Record) -> None:
        """Start the emulator.

        Args:
            target: a target with an emulator.
            image: its ELF file.
            ranges: first and last addresses of what is recorded.
            record: called in a thread of its own.

        Raises:
            ToolchainError: if QEMU is missing or does not start.
            LinkError: if nothing answers.
        """
        self._folder = tempfile.TemporaryDirectory(prefix="sim2metal-trace-")
        pipe = Path(self._folder.name) / "trace"
        os.mkfifo(pipe)
        self._reader = threading.Thread(target=_read, args=(pipe, record), daemon=True)
        self._reader.start()
        chosen = ",".join(f"{low:#x}..{high:#x}" for low, high in ranges)
        options = ["-singlestep", "-d", "exec,cpu,nochain", "-dfilter", chosen, "-D", str(pipe)]
        try:
            self._emulator = Emulator(target, image, options=options)
            try:
                self.board = Board(self._emulator.port, timeout_s=ANSWER_TIMEOUT_S)
            except BaseException:
                self._emulator.close()
                raise
        except BaseException:
            self._release(pipe)
            raise

    def close(self) -> None:
        """Stop the emulator and wait until everything it wrote is recorded; safe to call twice."""
        self.board.close()
        self._emulator.close()
        self._release(Path(self._folder.name) / "trace")

    def _release(self, pipe: Path) -> None:
        """End the reader, also one whose pipe nobody ever opened for writing, and remove the pipe."""
        if pipe.exists():
            os.close(os.open(pipe, os.O_RDWR | os.O_NONBLOCK))
        self._reader.join(timeout=ANSWER_TIMEOUT_S)
        self._folder.cleanup()

    def __enter__(self) -> TracedBoard:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _read(pipe: Path, record: Record) -> None:
    with pipe.open("rb", buffering=1 << 20) as lines:
        read_trace(lines, record)


def read_trace(lines: Iterable[bytes], record: Record) -> None:
    """Read QEMU's log of executed instructions and registers, an instruction's lines at a time.

    Args:
        lines: ``Trace 0: host [cs_base/pc/flags/cflags] symbol``, then ``R00=... R03=...`` and so on.
        record: called once per instruction.
    """
    address, dump = -1, []
    for line in lines:
        if line.startswith(b"Trace"):
            address = int(line.split(b"/", 2)[1], 16)
            dump = []
        elif line.startswith(b"R") and address >= 0:
            dump.append(line)
            if line.startswith(b"R12"):
                record(address, b"".join(dump))
                address = -1


def read_registers(dump: bytes) -> dict[str, int]:
    """Return the registers of one dump by name, ``r0`` to ``r15``."""
    entries = (entry.partition(b"=") for entry in dump.split())
    return {f"r{int(key[1:])}": int(value, 16) for key, _, value in entries}
