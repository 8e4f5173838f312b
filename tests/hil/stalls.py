"""Tell a computer that stopped running everything for a tenth of a second from a fault of ours.

Closed loops in real time need a computer that runs them: on a shared virtual machine both sides
of a link may stand still for 200 ms, which the supervisor rightly takes for a lost link. A
bystander process and the robot's own clock measure such stalls; a flight that failed while one
happened proves nothing and is flown again. A flight that failed without one has failed.
"""

import functools
import subprocess
import sys

STALL_S = 0.06
"""Gaps of a bystander longer than this can push the state's age over the 0.1 s limit."""
ATTEMPTS = 4

_BYSTANDER = """
import sys, threading, time
done = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), done.set()), daemon=True).start()
largest, last = 0.0, time.monotonic()
while not done.is_set():
    time.sleep(0.005)
    now = time.monotonic()
    largest, last = max(largest, now - last), now
print(largest)
"""

robot_slips = []
"""Seconds by which each virtual robot's time slipped behind the wall clock; filled by ``virtual_crazyflie``."""


def in_real_time(test):
    """Repeat a flight that failed while the computer stalled."""

    @functools.wraps(test)
    def repeated(*args, tmp_path, **kwargs):
        for attempt in range(1, ATTEMPTS + 1):
            folder = tmp_path / f"attempt{attempt}"
            folder.mkdir()
            robot_slips.clear()
            bystander = subprocess.Popen([sys.executable, "-c", _BYSTANDER], stdin=-1, stdout=-1, text=True)
            failure = None
            try:
                test(*args, tmp_path=folder, **kwargs)
            except (Exception, _outcome()) as error:  # noqa: BLE001 - whatever failed is raised again below
                failure = error
            finally:
                gap_s = float(bystander.communicate()[0])
            if failure is None:
                return
            stalled = gap_s > STALL_S or any(slip > 0.0 for slip in robot_slips)
            if not stalled or attempt == ATTEMPTS:
                raise failure
            print(f"attempt {attempt}: the computer stalled for {gap_s:.3f} s, robots slipped {robot_slips}")

    return repeated


def _outcome():
    """``pytest.fail`` and friends raise a class of their own, outside ``Exception``."""
    import pytest

    return pytest.fail.Exception
