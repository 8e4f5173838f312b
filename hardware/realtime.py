"""Keep the interpreter and other programs out of the control loop's way, as far as the system allows."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from collections.abc import Iterator

SWITCH_INTERVAL_S = 0.0005
"""Longest time another thread keeps the interpreter while the loop waits for it (default 5 ms)."""


@contextlib.contextmanager
def steady_interpreter() -> Iterator[None]:
    """Keep garbage collection and long thread slices out of the loop."""
    interval = sys.getswitchinterval()
    was_enabled = gc.isenabled()
    gc.collect()
    gc.freeze()
    gc.disable()
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    try:
        yield
    finally:
        sys.setswitchinterval(interval)
        gc.unfreeze()
        if was_enabled:
            gc.enable()


PRIORITY = -10
"""Niceness of the control threads: ahead of everything a desktop runs, behind the system's own threads."""


@contextlib.contextmanager
def raised_priority() -> Iterator[None]:
    """Run this thread, and threads it starts, ahead of other programs where the system allows that."""
    before = os.getpriority(os.PRIO_PROCESS, 0)
    with contextlib.suppress(OSError):  # needs a privilege; without it the loop measures what it gets
        os.setpriority(os.PRIO_PROCESS, 0, PRIORITY)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, 0, before)
