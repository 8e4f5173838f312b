"""Bundles that need no training, built once for all workers of a run; whoever asks gets a copy of its own."""

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from policies.bundle import Bundle, load_bundle


def shared_bundle(factory, name: str, build: Callable[[Path], Bundle]) -> Bundle:
    """Return a copy of a bundle that the first worker to need it builds, and the others wait for.

    Args:
        factory: pytest's ``tmp_path_factory``.
        name: of the bundle, the same everywhere.
        build: writes it to a folder.
    """
    base = factory.getbasetemp()
    store = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base  # a worker's base lies in the run's
    built = store / f"shared-{name}"
    with (store / f"shared-{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not built.exists():
            unfinished = store / f"shared-{name}.part"
            shutil.rmtree(unfinished, ignore_errors=True)
            build(unfinished)
            unfinished.rename(built)
    copy = factory.mktemp(name) / "bundle"
    shutil.copytree(built, copy)
    return load_bundle(copy)
