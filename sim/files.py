"""Write files whole or not at all: a full disk or a kill never leaves half a file behind."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from sim.errors import StorageError


def write_atomic(path: Path | str, data: bytes | str) -> None:
    """Write ``data`` to a temporary sibling, flush it to disk and rename it over ``path``.

    Raises:
        StorageError: if the disk is full or the folder not writable; ``path`` is untouched.
    """
    path = Path(path)
    content = data.encode() if isinstance(data, str) else data
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        temporary = Path(name)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        reason = error.strerror or str(error)
        raise StorageError(f"cannot write {path}: {reason}; free some space or choose another folder") from error
