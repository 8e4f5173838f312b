"""The firmware's own flight supervisor: may it arm, is it armed, flying, tumbled, crashed, locked.

A reduced model of crazyflie-firmware's supervisor: the states and bits are the ones cflib
0.1.34 decodes; the set-point watchdog and the emergency stop act here, whatever the client does.
"""

from __future__ import annotations

from hardware.virtual.events import EventLog

LEVEL_OUT_MS = 500
"""Stock firmware: level attitude when the set-point is older than this in flight."""
SHUTDOWN_MS = 2000
"""Stock firmware: motors off when the set-point is older than this in flight."""
EMERGENCY_WATCHDOG_MS = 1000
"""Once fed, the emergency-stop watchdog must be fed again within this time."""
TUMBLE_MS = 1000
"""Upside down for this long counts as tumbled."""
FLYING_COMMAND = 0.3
"""Motor command (fraction of full speed) above which an armed robot counts as flying."""
FLYING_HOLD_MS = 500
"""It still counts as flying for this long after the motors slowed down."""


class FlightSupervisor:
    """State machine of arming and of the reasons to cut the motors."""

    def __init__(self, events: EventLog, watchdog: bool) -> None:
        """``watchdog`` enables the stock set-point watchdog (the policy's controller brings its own dead-man)."""
        self.events = events
        self.watchdog_enabled = watchdog
        self.armed = False
        self.flying = False
        self.tumbled = False
        self.crashed = False
        self.locked = False
        self.level_out = False
        self.high_level_active = False
        self.high_level_finished = False
        self.high_level_enabled = True
        self._now = 0
        self._upright_at = 0
        self._thrust_at = -FLYING_HOLD_MS
        self._emergency_fed_at: int | None = None

    @property
    def can_be_armed(self) -> bool:
        """Whether an arming request would succeed."""
        return not (self.armed or self.tumbled or self.crashed or self.locked)

    @property
    def can_fly(self) -> bool:
        """Whether motors may turn."""
        return self.armed and not (self.tumbled or self.crashed or self.locked)

    def bitfield(self) -> int:
        """Return the state as cflib's ``Supervisor.STATES`` numbers it."""
        bits = (
            self.can_be_armed, self.armed, False, self.can_fly, self.flying, self.tumbled, self.locked,
            self.crashed, self.high_level_active, self.high_level_finished, not self.high_level_enabled,
        )  # fmt: skip
        return sum(bool(bit) << position for position, bit in enumerate(bits))

    def request_arming(self, arm: bool) -> bool:
        """Arm or disarm; returns whether the request was granted."""
        if arm == self.armed:
            return True
        if arm and not self.can_be_armed:
            self.events.add("arming_refused", bitfield=self.bitfield())
            return False
        if arm:
            self.armed = True
            self.events.add("armed")
        else:
            self.disarm("client's request")
        return True

    def disarm(self, reason: str) -> None:
        """Cut the motors and disarm."""
        if self.armed:
            self.armed = self.flying = self.level_out = False
            self.events.add("disarmed", reason=reason)

    def request_recovery(self) -> bool:
        """Clear the crashed state of a robot that stands upright."""
        if self.tumbled or self.locked:
            return False
        if self.crashed:
            self.crashed = False
            self.events.add("recovered")
        return True

    def emergency_stop(self, reason: str) -> None:
        """Cut the motors and lock until restart."""
        if not self.locked:
            self.locked = True
            self.events.add("emergency_stop", reason=reason)
        self.disarm("emergency stop")

    def feed_emergency_watchdog(self) -> None:
        """Start or feed the emergency-stop watchdog."""
        self._emergency_fed_at = self._now

    def update(self, now_ms: int, body_z_up: float, largest_motor: float, setpoint_age_ms: int) -> None:
        """Advance to ``now_ms``.

        Args:
            now_ms: on-board time.
            body_z_up: cosine of the estimated tilt.
            largest_motor: largest motor command of the last step.
            setpoint_age_ms: age of the set-point in use.
        """
        self._now = now_ms
        if self._emergency_fed_at is not None and now_ms - self._emergency_fed_at > EMERGENCY_WATCHDOG_MS:
            self._emergency_fed_at = None
            self.emergency_stop("watchdog not fed")
        self._watch_attitude(body_z_up)
        self._watch_flight(largest_motor)
        if self.watchdog_enabled:
            self._watch_setpoint(setpoint_age_ms)

    def _watch_attitude(self, body_z_up: float) -> None:
        if body_z_up > 0.0:
            self._upright_at = self._now
        tumbled = self._now - self._upright_at > TUMBLE_MS
        if tumbled and not self.tumbled:
            self.events.add("tumbled")
            if self.armed:
                self.crash("tumbled")
        self.tumbled = tumbled

    def _watch_flight(self, largest_motor: float) -> None:
        if self.armed and largest_motor > FLYING_COMMAND:
            self._thrust_at = self._now
        flying = self.armed and self._now - self._thrust_at < FLYING_HOLD_MS
        if flying and not self.flying:
            self.events.add("flying")
        self.flying = flying

    def _watch_setpoint(self, age_ms: int) -> None:
        level_out = self.flying and age_ms > LEVEL_OUT_MS
        if level_out and not self.level_out:
            self.events.add("watchdog_level", setpoint_age_ms=age_ms)
        self.level_out = level_out
        if self.flying and age_ms > SHUTDOWN_MS:
            self.crash(f"no set-point for {age_ms} ms")

    def crash(self, reason: str) -> None:
        """Cut the motors until a recovery request."""
        self.crashed = True
        self.events.add("crashed", reason=reason)
        self.disarm(reason)
