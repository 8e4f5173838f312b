"""A name of one's own choice for a pseudo-terminal: a symbolic link, owned by one living process."""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path

from sim.errors import LinkError


class TerminalName:
    """A symbolic link to a terminal, until ``release``.

    The kernel gives a dead robot's terminal to the next who asks, so that a link left behind says
    nothing about its owner; a lock beside it does, which dies with the process.

    Args:
        path: the name.
        terminal: what it stands for, e.g. ``/dev/pts/3``.

    Raises:
        LinkError: if the name is taken or cannot be created.
    """

    def __init__(self, path: Path, terminal: str) -> None:
        self._path = path
        self._lock_path = path.with_name(f".{path.name}.lock")
        try:
            self._lock = os.open(self._lock_path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise LinkError(f"cannot create {path}: {error.strerror}; choose another path") from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            raise LinkError(f"{path} is in use; stop the other program or choose another path") from None
        try:
            if path.is_symlink():
                path.unlink()  # left behind by a robot that was killed
            path.symlink_to(terminal)
        except OSError as error:
            self._unlock()
            raise LinkError(f"cannot create {path}: {error.strerror}; choose another path") from None

    def release(self) -> None:
        """Remove the name; a second call does nothing."""
        if self._lock < 0:
            return
        with contextlib.suppress(OSError):
            self._path.unlink()
        self._unlock()

    def _unlock(self) -> None:
        with contextlib.suppress(OSError):
            self._lock_path.unlink()
        os.close(self._lock)
        self._lock = -1
