"""Where numba keeps compiled code: a folder named after all the sources it was made from.

numba's own cache looks at the file of the cached function only; an edit or a ``git pull`` that
changes a function it calls in another file would silently keep the old machine code. A package
with compiled functions calls ``use_cache_for(its folder)`` in its ``__init__``.

The name is the same in every process, whatever it imports first, so that each kernel is compiled
once; and files that only call kernels are no part of it, so that editing them costs nothing.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import numba

_HERE = Path(__file__).parent
_ROOT = _HERE.parents[1]
_PACKAGES = ("sim", "policies", "calibration")
"""Where compiled functions are; below them a package that has some is found by itself."""
_COMPILES = re.compile(r"^[ \t]*(?:from|import)[ \t]+numba\b", re.MULTILINE)
_IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import[ \t]+(\([^)]*\)|[^\n]+)|import[ \t]+([\w.]+))", re.MULTILINE
)
_strangers: set[Path] = set()


def use_cache_for(folder: Path) -> Path:
    """Name numba's cache after the sources of all kernels, and those in ``folder``; call before any ``njit`` there.

    The base is ``NUMBA_CACHE_DIR`` where set, else ``__pycache__`` beside these sources, else
    (read-only installation) the user's cache folder. Returns the cache's folder.
    """
    folder = folder.resolve()
    if not folder.is_relative_to(_ROOT):
        _strangers.add(folder)
    sources = kernel_sources(_ROOT, _PACKAGES) + tuple(path for each in _strangers for path in each.glob("*.py"))
    path = _base() / f"numba-{source_digest(sources)}"
    numba.config.CACHE_DIR = str(path)  # pyright: ignore[reportAttributeAccessIssue]
    return path


@cache
def kernel_sources(root: Path, packages: tuple[str, ...]) -> tuple[Path, ...]:
    """Return the files in ``packages`` that use numba, and every one of ``root`` that they import, directly or not."""
    files = (path for package in packages for path in (root / package).rglob("*.py"))
    found = {path for path in files if _COMPILES.search(path.read_text(encoding="utf-8"))}
    waiting = list(found)
    while waiting:
        for path in _imported(root, waiting.pop().read_text(encoding="utf-8")):
            if path not in found:
                found.add(path)
                waiting.append(path)
    return tuple(found)


def source_digest(sources: Iterable[Path]) -> str:
    """Digest of files, their places and contents, 16 hexadecimal digits."""
    digest = hashlib.sha256()
    for path in sorted(sources):
        content = path.read_bytes()
        digest.update(f"{path}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:16]


def _imported(root: Path, text: str) -> Iterator[Path]:
    """Yield the files under ``root`` that a source imports."""
    for module, names, alone in _IMPORT.findall(text):
        words = re.findall(r"\w+", names)
        for name in (module or alone, *(f"{module}.{word}" for word in words)):
            place = root.joinpath(*name.split("."))
            for path in (place.with_suffix(".py"), place / "__init__.py"):
                if path.is_file():
                    yield path


def _base() -> Path:
    if "NUMBA_CACHE_DIR" in os.environ:
        return Path(os.environ["NUMBA_CACHE_DIR"])
    if os.access(_HERE, os.W_OK):
        return _HERE / "__pycache__"
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "sim2metal"
