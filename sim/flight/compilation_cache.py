"""Where numba keeps compiled code: a folder named after all the sources it was made from.

numba's own cache looks at the file of the cached function only; an edit or a ``git pull`` that
changes a function it calls in another file would silently keep the old machine code. A package
with compiled functions calls ``use_cache_for(its folder)`` in its ``__init__``.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numba

_HERE = Path(__file__).parent
_folders: set[Path] = {_HERE}


def use_cache_for(folder: Path) -> Path:
    """Name numba's cache after the sources in ``folder`` too; call before any ``njit`` there.

    The base is ``NUMBA_CACHE_DIR`` where set, else ``__pycache__`` beside these sources, else
    (read-only installation) the user's cache folder. Returns the cache's folder.
    """
    _folders.add(folder.resolve())
    path = _base() / f"numba-{source_digest(*_folders)}"
    numba.config.CACHE_DIR = str(path)  # pyright: ignore[reportAttributeAccessIssue]
    return path


def source_digest(*folders: Path) -> str:
    """Digest of all Python sources directly in ``folders``, 16 hexadecimal digits."""
    digest = hashlib.sha256()
    for path in sorted(path for folder in folders for path in folder.glob("*.py")):
        content = path.read_bytes()
        digest.update(f"{path}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:16]


def _base() -> Path:
    if "NUMBA_CACHE_DIR" in os.environ:
        return Path(os.environ["NUMBA_CACHE_DIR"])
    if os.access(_HERE, os.W_OK):
        return _HERE / "__pycache__"
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "sim2metal"
