"""The operator's gamepad: a button that lands or damps, a button that cuts the motors, and a watch on its messages."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from hardware.clock import NS, Clock
from sim2metal_nodes.parameters import declare
from sim2metal_nodes.sorties import Sorties


class Joystick:
    """Buttons of ``sensor_msgs/Joy`` as numbers, -1 for none.

    Args:
        node: to declare parameters with.
        clock: for the age.
        sorties: to stop.
        rest: brings a mission to rest: lands, damps.
    """

    def __init__(self, node: Any, clock: Clock, sorties: Sorties[Any], rest: Callable[[Any], None]) -> None:
        self._clock, self._sorties, self._rest = clock, sorties, rest
        self._land: int = declare(node, "joy_land_button", 1, "button that lands or damps, or -1", low=-1, high=31)
        self._cut: int = declare(node, "joy_stop_button", 2, "button that cuts the motors, or -1", low=-1, high=31)
        self._timeout_s: float = declare(
            node,
            "joy_timeout",
            0.0,
            "land or damp when it is silent for longer, s; 0: none is needed",
            low=0.0,
            high=60.0,
        )
        self._heard_ns: int | None = None

    def age_s(self) -> float:
        """Age of the last message; infinite before the first."""
        return math.inf if self._heard_ns is None else (self._clock.now_ns() - self._heard_ns) / NS

    def receive(self, message: Any) -> None:
        """Act on pressed buttons."""
        self._heard_ns = self._clock.now_ns()
        if self._pressed(message, self._cut):
            self._sorties.emergency_stop()
        elif self._pressed(message, self._land):
            self._rest(self._sorties.mission)

    def watch(self) -> None:
        """Land when a gamepad that is required falls silent."""
        if self._timeout_s and self._sorties.busy and self.age_s() > self._timeout_s:
            self._rest(self._sorties.mission)

    @staticmethod
    def _pressed(message: Any, button: int) -> bool:
        return 0 <= button < len(message.buttons) and message.buttons[button] == 1
