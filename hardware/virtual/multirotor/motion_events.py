"""What a flying body does, as events: motors on and off, airborne, touched down."""

from __future__ import annotations

import math

from hardware.virtual.events import EventLog
from hardware.virtual.multirotor.body import Body
from hardware.virtual.multirotor.stock_controller import OFF, Motors

AIRBORNE_MS = 100
"""Without contact for this long counts as flying, not bouncing."""


class MotionEvents:
    """Watches one body; called once per millisecond."""

    def __init__(self, body: Body, events: EventLog) -> None:
        self._body, self._events = body, events
        self._motors: Motors = OFF
        self._contact_ms = 0
        self._airborne = False

    def motors(self, motors: Motors) -> None:
        """Note the commands before they act."""
        if any(motors) != any(self._motors):
            height_m = round(self._body.position_w[2], 4)
            self._events.add("motors_on" if any(motors) else "motors_off", height_m=height_m)
        self._motors = motors

    def contact(self) -> None:
        """Note whether the body touches the ground."""
        now_ms = self._events.tick_ms
        if self._body.on_ground:
            self._contact_ms = now_ms
            if self._airborne:
                self._airborne = False
                self._events.add("touchdown", speed_m_s=round(math.hypot(*self._body.velocity_w), 3))
        elif not self._airborne and now_ms - self._contact_ms > AIRBORNE_MS:
            self._airborne = True
            self._events.add("airborne")
