"""How a robot with joints is supervised: a ramp to the default pose, a velocity to walk at, damping to rest.

The reference is (blend, ahead, left, turn): ``blend`` goes from 0, the pose found, towards 1, the
default pose, which may be held for a while; at 1 the policy takes over. Then a velocity in m/s ahead
and to the left and in rad/s about the vertical, which a policy that only stands ignores.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from hardware.behaviour import Mode
from hardware.faults import Fault, Observed
from hardware.joints.faults import SAFE_ACTIONS, joint_faults
from hardware.states import JointState, RobotState
from sim.errors import ConfigError
from sim.spec import JointLimits, SafeAction

RAMP_S = 2.0
"""From the pose found to the default pose."""
HELD = math.nextafter(1.0, 0.0)
"""``blend`` of the default pose while it is held: the policy does not act yet."""
LONGEST_WAIT_S = 60.0
"""In the default pose: motors that hold it grow warm."""
SLEW = (1.0, 1.0, 2.0)
"""Largest change of the velocity command, m/s^2, m/s^2 and rad/s^2."""
REST_SPEED_RAD_S = 0.3
"""A robot whose joints are all slower than this has come to rest."""
REST_S = 1.0
"""For as long as this."""
BLIND_WAIT_S = 5.0
"""A robot that damps and that nobody has seen for this long counts as at rest."""
NAMES = ("velocity_x", "velocity_y", "yaw_rate")
"""Command ranges of a bundle that walks."""


class JointBehaviour:
    """The ``Behaviour`` of robots with joints.

    Args:
        limits: from the bundle.
        command_ranges: from the bundle; a velocity without a range stays zero.
        wait_s: how long the default pose is held before the policy acts: time to let a hanging robot down.

    Raises:
        ConfigError: for a wait that is none.
    """

    ending: SafeAction = "damp"
    before_start: SafeAction = "damp"  # its own controller let go before it was armed, and a stiff robot cut off falls
    warm_up_s = 0.5
    safe_actions: Mapping[Fault, SafeAction] = SAFE_ACTIONS

    def __init__(
        self, limits: JointLimits, command_ranges: Mapping[str, tuple[float, float]], wait_s: float = 0.0
    ) -> None:
        if not 0.0 <= wait_s <= LONGEST_WAIT_S:
            raise ConfigError(f"a wait in the default pose lasts from 0 to {LONGEST_WAIT_S:g} s, not {wait_s:g}")
        self.limits, self._wait_s = limits, wait_s
        self.ranges = tuple(command_ranges.get(name, (0.0, 0.0)) for name in NAMES)
        """(3,) lowest and highest velocity."""
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self._ramp_s = 0.0
        self._velocity: tuple[float, ...] = (0.0, 0.0, 0.0)
        self._slow_since_s: float | None = None
        self._seen_s = -math.inf

    def note_start(self, state: RobotState) -> None:
        """Nothing to remember: joints know where they are."""

    def faults(self, seen: Observed, armed: bool) -> list[Fault]:
        """Return the faults of one look."""
        return joint_faults(seen, self.limits, armed)

    def begin(self) -> None:
        """Start the ramp at the pose found."""
        self._ramp_s = 0.0
        self._velocity = (0.0, 0.0, 0.0)

    def enter(self, mode: Mode, seen: Observed) -> None:
        """Start to wait for rest anew."""
        self._slow_since_s = None
        self._seen_s = -math.inf

    def reference(self, mode: Mode, wish: Sequence[float], dt_s: float) -> tuple[float, ...]:
        """Move the reference; see ``Behaviour``. ``wish`` is the velocity, (3,)."""
        if mode is Mode.RAMP:
            self._ramp_s += dt_s
        usable = mode is Mode.RUNNING and len(wish) == len(NAMES) and all(map(math.isfinite, wish))
        goal = wish if usable else (0.0, 0.0, 0.0)
        self._velocity = tuple(
            min(max(v + min(max(g - v, -s * dt_s), s * dt_s), low), high)
            for v, g, s, (low, high) in zip(self._velocity, goal, SLEW, self.ranges)
        )
        return (1.0 if self.ramped(wish) else min(self._ramp_s / RAMP_S, HELD), *self._velocity)

    def ramped(self, wish: Sequence[float]) -> bool:
        """Whether the default pose has been reached, and held for as long as asked for."""
        return self._ramp_s >= RAMP_S + self._wait_s

    def at_rest(self, mode: Mode, seen: Observed, now_s: float, since_s: float) -> bool:
        """Whether the joints have been seen at rest for a while, or not at all for long."""
        state = seen.state if seen.state_age_s <= self.limits.state_age_s else None
        if not isinstance(state, JointState) or not state.finite:
            self._slow_since_s = None  # what they do meanwhile is unknown
            return now_s - max(since_s, self._seen_s) > BLIND_WAIT_S
        self._seen_s = now_s
        if not max(map(abs, state.velocity)) <= REST_SPEED_RAD_S:
            self._slow_since_s = None
            return False
        if self._slow_since_s is None:
            self._slow_since_s = now_s
        return now_s - self._slow_since_s > REST_S
