"""Write files and folders whole or not at all: a full disk or a kill never leaves half of one behind."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Collection, Mapping
from pathlib import Path

from sim.errors import StorageError

_STALE_S = 3600.0
"""Age at which a staging folder is taken for the remains of a killed process."""


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
        _flush_folder(path.parent)
    except OSError as error:
        raise _cannot_write(path, error) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def require_writable(path: Path | str) -> None:
    """Refuse a file that could not be written, before the work whose result it is to hold.

    Raises:
        StorageError: if the path is a folder, or its folder cannot be made or written to.
    """
    path = Path(path)
    if path.is_dir():
        raise StorageError(f"cannot write {path}: it is a folder; name a file")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise _cannot_write(path, error) from error


def replace_folder(path: Path | str, contents: Mapping[str, bytes], replaceable: Collection[str]) -> None:
    """Create or replace a folder of files in one step: the whole new one is there, or the old one.

    A kill between the two renames leaves the old folder under a hidden name, from which
    ``recover_folder`` brings it back; readers call that first.

    Args:
        path: the folder.
        contents: file name, or path below the folder -> content.
        replaceable: names of files and folders that an existing folder may hold. Anything else in it is
            somebody's work, and the folder is not replaced.

    Raises:
        StorageError: if it cannot be written or holds other files; what was there is untouched.
    """
    path = Path(path).absolute()
    recover_folder(path)
    _require_replaceable(path, replaceable)
    staging: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_stale(path)
        staging = Path(tempfile.mkdtemp(prefix=f".{path.name}.new.", dir=path.parent))
        for name, data in contents.items():
            (staging / name).parent.mkdir(parents=True, exist_ok=True)
            with (staging / name).open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        staging.chmod(0o755)
        _flush_folder(staging)
        _swap(staging, path)
        _flush_folder(path.parent)
    except OSError as error:
        raise _cannot_write(path, error) from error
    finally:
        if staging is not None:
            shutil.rmtree(staging, ignore_errors=True)


def recover_folder(path: Path | str) -> None:
    """Bring back the folder that a process killed inside ``replace_folder`` had set aside.

    Raises:
        StorageError: if it is there but cannot be renamed.
    """
    path = Path(path).absolute()
    old = _set_aside(path)
    if path.exists() or not old.is_dir():
        return
    try:
        old.rename(path)
    except OSError as error:
        if not path.exists():  # otherwise another reader was faster
            raise StorageError(f"cannot restore {path} from {old}: {error.strerror}; rename it by hand") from error


def _swap(staging: Path, path: Path) -> None:
    old = _set_aside(path)
    if path.exists():
        shutil.rmtree(old, ignore_errors=True)
        path.rename(old)
    try:
        staging.rename(path)
    except OSError:
        if old.is_dir() and not path.exists():
            old.rename(path)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _set_aside(path: Path) -> Path:
    return path.with_name(f".{path.name}.old")


def _require_replaceable(path: Path, replaceable: Collection[str]) -> None:
    if not path.exists():
        return
    if not path.is_dir():
        raise StorageError(f"cannot write folder {path}: it is a file; choose another name")
    try:
        others = sorted(entry.name for entry in path.iterdir() if entry.name not in replaceable)
    except OSError as error:
        raise _cannot_write(path, error) from error
    if others:
        raise StorageError(f"cannot replace folder {path}: it also holds '{others[0]}'; choose another folder")


def _remove_stale(path: Path) -> None:
    for entry in path.parent.glob(f".{path.name}.new.*"):
        if time.time() - entry.stat().st_mtime > _STALE_S:
            shutil.rmtree(entry, ignore_errors=True)


def _flush_folder(path: Path) -> None:
    """Make renames in ``path`` survive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _cannot_write(path: Path, error: OSError) -> StorageError:
    reason = error.strerror or str(error)
    return StorageError(
        f"cannot write {path}: {reason}; free some space or choose another folder (what was there is untouched)"
    )
