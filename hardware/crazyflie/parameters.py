"""Writing a parameter of a Crazyflie and waiting until it says so."""

from __future__ import annotations

import threading

from cflib.crazyflie import Crazyflie

from hardware.clock import NS
from hardware.lock_step import LockStepClock
from sim.errors import LinkError

TIMEOUT_S = 2.0
"""Longest wait for a confirmation."""
PATIENCE_S, STEP_S, PAUSE_S = 1.0, 0.02, 0.2
"""In lock-step: of the host's time before the robot's is moved at all, since an answer that is not delayed needs none
of it and the flight should not depend on how busy the host is; then of the robot's time between two looks, and of
the host's for cflib to take the answer in."""


def write_parameter(cf: Crazyflie, name: str, value: float, lock_step: LockStepClock | None, uri: str) -> None:
    """Write ``group.name`` and wait for the confirmation.

    Args:
        cf: connected.
        name: of the parameter.
        value: to write.
        lock_step: the robot's clock if it moves only when told to: a delayed packet would not arrive otherwise.
        uri: for messages.

    Raises:
        LinkError: if the robot has no such parameter or does not confirm it in time.
    """
    confirmed = threading.Event()
    group, _, variable = name.partition(".")

    def on_update(_name: str, text: str) -> None:
        if float(text) == value:
            confirmed.set()

    cf.param.add_update_callback(group, variable, on_update)
    try:
        cf.param.set_value(name, value)
        arrived = _wait(confirmed, lock_step)
    except (KeyError, AttributeError) as error:
        raise LinkError(f"{uri}: parameter {name} cannot be set; update the firmware") from error
    finally:
        cf.param.remove_update_callback(group, variable, on_update)
    if not arrived:
        raise LinkError(f"{uri}: parameter {name} not confirmed within {TIMEOUT_S:g} s; try again")


def _wait(event: threading.Event, clock: LockStepClock | None) -> bool:
    if clock is None:
        return event.wait(TIMEOUT_S)
    end_ns, patience_s = clock.now_ns() + round(TIMEOUT_S * NS), PATIENCE_S
    while not event.wait(patience_s) and clock.now_ns() < end_ns and not clock.lost:
        clock.sleep_until(clock.now_ns() + round(STEP_S * NS))
        patience_s = PAUSE_S
    return event.is_set()
