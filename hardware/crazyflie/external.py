"""Poses from outside on their way to the Crazyflie's estimator, and how old the newest is."""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Callable, Sequence

from cflib.crazyflie import Crazyflie

from hardware.checks import Check
from hardware.crazyflie.sender import Sender
from hardware.lock_step import StepSender
from sim.errors import ConfigError


class ExternalPoses:
    """What one link knows of poses from outside; outlives its connection."""

    def __init__(self) -> None:
        self._sent_ns: int | None = None
        self._expected_ns: int | None = None
        self._verdict: Callable[[], tuple[bool, str]] | None = None

    def expect(self, verdict: Callable[[], tuple[bool, str]]) -> None:
        """Say that poses are to come: from now on their age counts.

        Args:
            verdict: says whether they come well enough for a flight, and what is seen, or what to do.
        """
        self._verdict = verdict
        self._expected_ns = time.monotonic_ns()

    @property
    def newest_ns(self) -> int | None:
        """When the newest was handed over, or the waiting began; ``None``: nobody sends or expects any."""
        return self._expected_ns if self._sent_ns is None else self._sent_ns

    def send(
        self,
        crazyflie: Crazyflie,
        sender: Sender | StepSender[Callable[[], None]],
        position_w: Sequence[float],
        orientation_wxyz: Sequence[float] | None,
    ) -> None:
        """Hand over a pose; see ``CrazyflieLink.send_external_pose``."""
        values = (*position_w, *(orientation_wxyz or ()))
        if not all(map(math.isfinite, values)):
            raise ConfigError("an external pose with a number that is none")
        self._sent_ns = time.monotonic_ns()
        if orientation_wxyz is None:
            sender.measurement(functools.partial(crazyflie.loc.send_extpos, list(position_w)))
            return
        w, x, y, z = orientation_wxyz
        sender.measurement(functools.partial(crazyflie.loc.send_extpose, list(position_w), [x, y, z, w]))

    def check(self) -> Check | None:
        """Whether poses arrive; ``None`` where none are expected."""
        return None if self._verdict is None else Check("external pose", *self._verdict())
