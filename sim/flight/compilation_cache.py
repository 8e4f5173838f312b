"""Where numba keeps the compiled kernels: a folder named after the sources they were made from.

numba's own cache looks at the file of the cached function only; an edit or a ``git pull`` that
changes a function it calls in another file would silently keep the old machine code.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numba

_HERE = Path(__file__).parent


def source_digest(folder: Path = _HERE) -> str:
    """Digest of all Python sources in ``folder``, 16 hexadecimal digits."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def use_cache_of_these_sources() -> Path:
    """Point numba's cache to the folder of the current sources; call before any ``njit``.

    The base is ``NUMBA_CACHE_DIR`` where set, else ``__pycache__`` beside the sources, else
    (read-only installation) the user's cache folder.
    """
    base = os.environ.get("NUMBA_CACHE_DIR")
    if base is None:
        user_cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
        base = _HERE / "__pycache__" if os.access(_HERE, os.W_OK) else user_cache / "sim2metal"
    path = Path(base) / f"numba-{source_digest()}"
    numba.config.CACHE_DIR = str(path)
    return path
