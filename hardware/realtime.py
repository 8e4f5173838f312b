"""Keep the interpreter and other programs out of the control loop's way, as far as the system allows."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

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


@contextlib.contextmanager
def frozen_heap() -> Iterator[None]:
    """Keep garbage collection short in a program that runs for hours: what was loaded before is not looked through.

    A full collection over the modules of a simulator stops the program for a tenth of a second, in which a
    virtual robot would look like a lost one. Unlike ``steady_interpreter`` this collects what comes later.
    """
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


PRIORITY = -10
"""Niceness of the control threads: ahead of everything a desktop runs, behind the system's own threads."""


@contextlib.contextmanager
def raised_priority() -> Iterator[None]:
    """Run this thread, and threads it starts, ahead of other programs where the system allows that."""
    before = os.getpriority(os.PRIO_PROCESS, 0)
    with contextlib.suppress(OSError):  # needs a privilege; without it the loop measures what it gets
        os.setpriority(os.PRIO_PROCESS, 0, min(before, PRIORITY))
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, 0, before)


FIFO_PRIORITY = 20
"""Above everything that is not real-time, below the kernel's own threads (interrupts run at 50)."""
_MCL_CURRENT_AND_FUTURE = 3


@contextlib.contextmanager
def real_time(wanted: bool) -> Iterator[str]:
    """Run ahead of other programs, and if ``wanted`` with real-time scheduling and locked memory where allowed.

    Yields:
        What the system granted, for people.
    """
    with raised_priority():
        if not wanted:
            yield "ordinary"
            return
        before = os.sched_getscheduler(0), os.sched_getparam(0)
        granted = [_try_fifo(), _try_lock_memory()]
        try:
            yield ", ".join(granted)
        finally:
            with contextlib.suppress(OSError):
                os.sched_setscheduler(0, *before)
            ctypes.CDLL(None).munlockall()


def _try_fifo() -> str:
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(FIFO_PRIORITY))
    except OSError:
        return "SCHED_FIFO refused (allow it with 'rtprio 20' for your user in /etc/security/limits.conf)"
    return f"SCHED_FIFO at priority {FIFO_PRIORITY}"


def _try_lock_memory() -> str:
    if ctypes.CDLL(None, use_errno=True).mlockall(_MCL_CURRENT_AND_FUTURE) != 0:
        return "memory not locked (allow it with 'memlock unlimited' in /etc/security/limits.conf)"
    return "memory locked"


@contextlib.contextmanager
def real_time_process(wanted: bool) -> Iterator[str]:
    """As ``real_time``, also for every other thread of this process.

    A loop that runs ahead of the thread which receives its sensors would only look faster.

    Yields:
        What the system granted, for people.
    """
    with real_time(wanted) as granted:
        others = [] if not wanted else [tid for tid in _threads() if tid != threading.get_native_id()]
        before = {tid: _set_scheduler(tid, os.SCHED_FIFO, FIFO_PRIORITY - 1) for tid in others}
        try:
            yield granted
        finally:
            for tid, old in before.items():
                if old is not None:
                    _set_scheduler(tid, *old)


def _threads() -> list[int]:
    return [int(entry.name) for entry in Path("/proc/self/task").iterdir()]


def _set_scheduler(tid: int, policy: int, priority: int) -> tuple[int, int] | None:
    """Return policy and priority before, ``None`` if it was refused or the thread has ended."""
    with contextlib.suppress(OSError):
        before = os.sched_getscheduler(tid), os.sched_getparam(tid).sched_priority
        os.sched_setscheduler(tid, policy, os.sched_param(priority))
        return before
    return None
