"""Which foot steps, and since when: when to begin, to go on to the other foot, and to stop."""

from __future__ import annotations

import numpy as np

from sim.angles import wrapped
from sim.legged.stepping.seen import Array, Mask, Seen
from sim.legged.stepping.settings import CaptureStepSettings


class Steps:
    """What each of n simulations is at.

    Attributes:
        stepping: whether it steps, (n,).
        swinging: which foot steps, or stepped last: 0 for the left one; (n,).
        time_s: in the present step, (n,).
        lifted: where the foot was that steps, from the base along its heading, (n, 2) m.
        standing: where feet are kept while standing, likewise; (n, 2, 2) m.
        heading: that is asked for, rad; (n,).

    Args:
        n: how many.
        period_s: between two calls.
        settings: of all that can be set.
    """

    def __init__(self, n: int, period_s: float, settings: CaptureStepSettings) -> None:
        self._settings, self._period_s, self._all = settings, period_s, np.arange(n)
        self.stepping, self.swinging, self.time_s = np.zeros(n, bool), np.zeros(n, int), np.zeros(n)
        self.lifted, self.standing, self.heading = np.zeros((n, 2)), np.zeros((n, 2, 2)), np.zeros(n)
        self._count, self._new = np.zeros(n, int), np.ones(n, bool)
        """Steps since it stood; where ``standing`` is not known yet."""

    @property
    def phase(self) -> np.ndarray:
        """What each simulation is at, (n,): 0 stands, 1 to 3 thirds of a step with the left foot, 4 to 6 the right."""
        third = (3.0 * self.time_s / self._settings.step_s).astype(int).clip(0, 2)
        return np.where(self.stepping, 1 + third + 3 * self.swinging, 0)

    def decide(self, seen: Seen) -> None:
        """Begin steps, go on to the next one, stop; and keep account of where feet were."""
        self.stepping &= ~seen.begun
        self._new |= seen.begun
        self._aim(seen)
        begin, go_on, stop, first, other = self._changes(seen)
        self.swinging = np.where(begin, first, np.where(go_on, 1 - self.swinging, self.swinging))
        self._count = np.where(begin, 1, self._count + go_on)
        stepped = begin | go_on
        self.stepping = (self.stepping & ~stop) | begin
        begun_s = self._settings.adopted * self._settings.step_s
        self.time_s = np.where(stepped, np.where(other, begun_s, 0.0), self.time_s) + self._period_s * self.stepping
        self.lifted[stepped] = seen.feet[self._all, self.swinging][stepped]
        self.lifted -= self._period_s * seen.velocity * self.stepping[:, None]
        self._new |= stop
        self.standing[self._new] = seen.feet[self._new]
        self._new[:] = False
        follow = self._settings.follow
        self.standing += (seen.centre - self.standing.mean(1)).clip(-follow, follow)[:, None]

    def missed(self, seen: Seen) -> Array:
        """Return by how much the base is to turn yet, rad; (n,)."""
        return wrapped(self.heading - seen.yaw)

    def _aim(self, seen: Seen) -> None:
        """Turn the heading that is asked for; what was missed by far or long ago is forgotten."""
        c = self._settings
        missed = np.where(seen.begun, 0.0, self.missed(seen) * np.exp(-self._period_s / c.heading_s))
        self.heading = seen.yaw + missed.clip(-c.most_turn, c.most_turn) + self._period_s * seen.command[:, 2]

    def _changes(self, seen: Seen) -> tuple[Mask, Mask, Mask, np.ndarray, Mask]:
        """Return who begins, goes on and stops, with which foot first, and who takes up a step begun otherwise."""
        c, off, apart = self._settings, seen.capture - seen.middle, seen.feet[:, 0] - seen.feet[:, 1]
        half_width = 0.5 * np.abs(apart[:, 1])
        aside = np.abs(off[:, 1]) > half_width + c.toppling
        begin = ~self.stepping & (aside | (np.abs(off[:, 0]) > c.tipping) | seen.walks)
        landed = seen.touching[self._all, self.swinging] & (self.time_s > c.landed * c.step_s)
        over = self.stepping & ((self.time_s > c.step_s - 1e-6) | landed)
        caught = (np.abs(off[:, 0]) < c.calm) & (np.abs(off[:, 1]) < half_width) & (np.abs(apart[:, 0]) < c.parallel)
        stop = over & caught & (self._count >= c.least_steps) & ~seen.walks
        go_on = over & ~stop
        # A body that falls aside widens its stance; one that falls ahead or back stands on the foot it leans to.
        first = np.where(aside, off[:, 1] < 0.0, off[:, 1] > 0.0).astype(int)
        # A student's foot that is in the air is stepping, whatever would have been done instead.
        flies = ~seen.touching & (seen.foot_height > c.flying)
        other = flies[:, 0] ^ flies[:, 1]
        other &= ~self.stepping | stop | (self.swinging != flies.argmax(1))
        first = np.where(other, flies.argmax(1), first)
        return begin | other, go_on & ~other, stop & ~other, first, other
