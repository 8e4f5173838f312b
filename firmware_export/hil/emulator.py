"""A microcontroller in QEMU whose serial port is a pseudo-terminal that pyserial opens.

Every wait has a time-out, and the emulator never outlives its context or this process.
"""

from __future__ import annotations

import ctypes
import re
import select
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO

from firmware_export.targets import Target
from firmware_export.toolchain import require_tool
from sim.errors import ConfigError, ToolchainError

START_TIMEOUT_S = 10.0
"""QEMU names its pseudo-terminal within this time, even on a busy computer."""

NS_PER_INSTRUCTION_SHIFT = 6
"""With ``-icount shift=6`` every instruction takes 2^6 ns of the emulated machine's time."""

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)


class Emulator:
    """A running emulator; use it as a context manager.

    Attributes:
        port: the pseudo-terminal's device, e.g. ``/dev/pts/3``.
    """

    def __init__(
        self, target: Target, image: Path | str, *, count_instructions: bool = False, options: Sequence[str] = ()
    ) -> None:
        """Start QEMU with a bare-metal image.

        Args:
            target: a target with an emulator.
            image: its ELF file.
            count_instructions: tie the machine's clock to executed instructions, so that its
                counter counts them; slower.
            options: more of QEMU's.

        Raises:
            ConfigError: if the target has no emulator.
            ToolchainError: if QEMU is missing or does not start.
        """
        if target.emulator is None:
            raise ConfigError(f"target '{target.name}' has no emulator; choose stm32f405")
        if not Path(image).is_file():
            raise ToolchainError(f"no image at {image}: run 'sim2metal export' first")
        program = require_tool(target.emulator.program, target.emulator.packages)
        command = [program, "-M", target.emulator.machine, "-display", "none", "-monitor", "none", "-serial", "pty"]
        command += ["-kernel", str(image), *options]
        if count_instructions:
            command += ["-icount", f"shift={NS_PER_INSTRUCTION_SHIFT}"]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            preexec_fn=_die_with_parent,
        )
        try:
            self.port = self._find_port()
        except BaseException:
            self.close()
            raise

    def _find_port(self) -> str:
        output: IO[bytes] | None = self._process.stdout
        assert output is not None
        text = b""
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            ready, _, _ = select.select([output], [], [], 0.1)
            if ready:
                chunk = output.read1(4096)  # type: ignore[attr-defined]
                text += chunk
                found = re.search(rb"redirected to (\S+) \(label", text)
                if found:
                    return found.group(1).decode()
                if not chunk:
                    break
        reason = text.decode(errors="replace").strip().splitlines()
        raise ToolchainError(f"QEMU did not start: {reason[-1] if reason else 'no output'}")

    def close(self) -> None:
        """Stop the emulator; safe to call twice."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait(timeout=START_TIMEOUT_S)
        if self._process.stdout is not None:
            self._process.stdout.close()

    def __enter__(self) -> Emulator:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _die_with_parent() -> None:
    """Run in the child before QEMU starts: Linux kills it when the thread that started it ends."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
