"""How a flying robot is supervised: position set-points in a box, ramps, landing, and when it stands."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from hardware.behaviour import Mode
from hardware.faults import Fault, Observed
from hardware.flying.envelope import GROUND_MARGIN_M, Envelope, position_envelope
from hardware.flying.faults import SAFE_ACTIONS, flight_faults
from hardware.link import DESCENT_M_S
from hardware.states import FlightState, RobotState
from sim.spec import FlightLimits, SafeAction

CLIMB_M_S = 0.4
"""Take-off ramp of the set-point."""
WARM_UP_S = 0.6
"""From the robot's word that it is armed to the first set-point: the motors idle up for 0.5 s."""
LANDED_HEIGHT_M = 0.06
LANDED_SPEED_M_S = 0.15
"""A robot lower (over the take-off point's height) and slower than this stands."""
BLIND_WAIT_S = 1.5
"""After this long with its set-point at the ground, a robot unseen or at rest above it counts as landed."""
LATE_DESCENT_S = 12.0
"""A descent that takes this much longer than it should is over: the motors go off (``s2m_default_config`` does the
same on board), so that a robot which neither sinks nor rests does not stay up for good."""
RAMP_DONE_M = 0.01
"""A ramp has ended when its set-point is this close to its goal."""


class FlightBehaviour:
    """The ``Behaviour`` of flying robots; references are (x, y, z, yaw) in m and rad, world.

    Args:
        limits: from the bundle.
        safe_actions: one of the tables in ``hardware/flying/faults.py``.
        setpoint_speed_m_s: fastest set-point; default: what any policy can follow.
    """

    ending: SafeAction = "land"
    before_start: SafeAction = "off"
    warm_up_s = WARM_UP_S

    def __init__(
        self,
        limits: FlightLimits,
        safe_actions: Mapping[Fault, SafeAction] = SAFE_ACTIONS,
        setpoint_speed_m_s: float | None = None,
    ) -> None:
        self.limits = limits
        self._setpoint_speed_m_s = setpoint_speed_m_s
        self.safe_actions = safe_actions
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self.home_w: tuple[float, ...] = (0.0, 0.0, 0.0)
        """(3,) take-off point, m."""
        self.envelope: Envelope | None = None
        self._setpoint: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0)
        self._descent_from_m = 0.0
        self._grounded_since_s: float | None = None

    def note_start(self, state: RobotState) -> None:
        """Remember the take-off point."""
        if isinstance(state, FlightState):
            self.home_w = state.position_w

    def faults(self, seen: Observed, armed: bool) -> list[Fault]:
        """Return the faults of one look."""
        return flight_faults(seen, self.limits, self.home_w, armed)

    def begin(self) -> None:
        """Start the climb at the take-off point."""
        self._setpoint = (*self.home_w, 0.0)
        self.envelope = position_envelope(self.limits, self.home_w, self._setpoint_speed_m_s)

    def enter(self, mode: Mode, seen: Observed) -> None:
        """Note from how high a descent begins."""
        self._grounded_since_s = None
        if mode in (Mode.DESCENDING, Mode.LANDING):
            height = self._height(_flight_state(seen))
            known = height if height is not None else self._setpoint[2] - self.home_w[2]
            self._descent_from_m = min(max(known, 0.0), self.limits.ceiling_m)

    def reference(self, mode: Mode, wish: Sequence[float], dt_s: float) -> tuple[float, ...]:
        """Move the set-point; see ``Behaviour``."""
        assert self.envelope is not None
        x, y, z, yaw = self._setpoint
        if mode is Mode.HOLDING:
            goal: Sequence[float] = self._setpoint
        elif mode is Mode.LANDING:
            goal = (x, y, max(z - DESCENT_M_S * dt_s, self.home_w[2] - GROUND_MARGIN_M), yaw)
        elif mode is Mode.RAMP:
            goal = (x, y, min(z + CLIMB_M_S * dt_s, self._goal(wish)[2]), yaw)
        else:
            goal = wish
        self._setpoint = self.envelope.approach(self._setpoint, goal, dt_s)
        return self._setpoint

    def ramped(self, wish: Sequence[float]) -> bool:
        """Whether the climb has reached the height that the mission wishes."""
        return abs(self._setpoint[2] - self._goal(wish)[2]) < RAMP_DONE_M

    def at_rest(self, mode: Mode, seen: Observed, now_s: float, since_s: float) -> bool:
        """Whether the robot stands: it is seen to, it says so, or it should for long enough while nobody sees it."""
        expected_s = self._descent_from_m / DESCENT_M_S
        if now_s - since_s > expected_s + LATE_DESCENT_S:
            return True
        if mode is Mode.LANDING:
            down = self._setpoint[2] <= self.home_w[2] - GROUND_MARGIN_M + RAMP_DONE_M
        else:
            down = now_s - since_s > expected_s
        state = _flight_state(seen) if seen.state_age_s <= self.limits.state_age_s else None
        if state is not None and state.landed:
            return True
        height = self._height(state)
        if state is not None and height is not None:
            speed = math.hypot(*state.velocity_w)
            if height < LANDED_HEIGHT_M:
                return speed < LANDED_SPEED_M_S
            down = down and speed < LANDED_SPEED_M_S  # at rest above the ground: it stands on something
        if not down:
            self._grounded_since_s = None
            return False
        if self._grounded_since_s is None:
            self._grounded_since_s = now_s
        return now_s - self._grounded_since_s > BLIND_WAIT_S

    def _height(self, state: FlightState | None) -> float | None:
        if state is None or not state.finite:
            return None
        return state.position_w[2] - self.home_w[2]

    def _goal(self, wish: Sequence[float]) -> tuple[float, ...]:
        assert self.envelope is not None
        if not all(map(math.isfinite, wish)):
            return self._setpoint
        return self.envelope.clip(wish)


def _flight_state(seen: Observed) -> FlightState | None:
    return seen.state if isinstance(seen.state, FlightState) else None
