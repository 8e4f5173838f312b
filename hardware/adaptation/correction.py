"""A bounded correction of a flying robot's set-point that is learnt while it flies: how far beside it to aim.

The policy of the bundle stays as it is: it is told of a set-point a little beside the one that is wanted, by a linear
law of the error, the velocity and the set-point's velocity, which begins at zero. Each axis has a learner of its own,
rewarded for a small error of that axis: one learner for all would have to find out which axis a reward came from.
"""

from __future__ import annotations

import copy
import math

import numpy as np
from numpy.typing import NDArray

from hardware.adaptation.streaming import Settings, StreamingActorCritic

Array = NDArray[np.float64]

DECISION_S = 0.1
"""A correction is held so long: long enough that a flying robot answers to it."""
WINDOW_S = 20.0
"""Errors are judged over so long, first without any correction; a lap should not be longer."""
REACH = 2.0
"""Largest correction of an axis, of the rms error without any: there is nothing to correct where nothing is wrong."""
MOST_M, LEAST_M = 0.3, 0.002
"""Its bounds. The most is below the 0.5 m to which policies clip the error; the least, twice the estimator's noise."""
SLEW_M_S = 1.0
"""Fastest change of a correction: that of set-points (``SETPOINT_SPEED_M_S``)."""
GROWN = 1.5
"""A window whose error is so many times that without a correction has gone wrong."""
ROLL_BACKS = 3
"""After so many the correction is given up."""
SETTINGS = Settings(
    discount=0.9, actor_bound=10.0, actor_from=300, critic_hidden=(32, 32), spread=0.1, least_spread=0.02
)
"""One second ahead; the actor waits 30 s for its critic, and takes smaller steps than the paper's (kappa 3)."""
_FEATURES = 3


class SetpointCorrection:
    """Measures, learns, judges, and goes back to what was good.

    Args:
        period_s: time between calls of ``step``.
        seed: of the learners.
        learning: ``False``: apply what was learnt and leave it at that.
    """

    def __init__(self, period_s: float, seed: int = 0, learning: bool = True) -> None:
        self.axes = [StreamingActorCritic(_FEATURES, 1, SETTINGS, (seed, axis)) for axis in range(3)]
        self.learning = learning
        self.reach_m: Array = np.zeros(3)
        """(3,) bounds of the correction, x, y, z; zero until the error without it is known."""
        self.errors_m: list[float] = []
        """Root mean square error of every window, the first without a correction."""
        self.roll_backs = 0
        self.given_up = False
        self.notes: list[str] = []
        """What happened, in words, oldest first."""
        self._good = copy.deepcopy(self.axes)
        self.set_period(period_s)
        self.pause()

    def set_period(self, period_s: float) -> None:
        """Say how often ``step`` will be called."""
        self._decision = max(round(DECISION_S / period_s), 1)
        self._window = max(round(WINDOW_S / period_s), 1)
        self._decision_s = self._decision * period_s
        self._slew_m = SLEW_M_S * period_s

    def begin_from(self, reach_m: Array, error_without_m: float, seed: int = 0) -> None:
        """Go on from an earlier flight, whose learners ``axes`` have taken over.

        Args:
            reach_m: (3,) its bounds.
            error_without_m: its error without a correction.
            seed: of what is explored in this flight.
        """
        self.reach_m, self.errors_m = reach_m, [error_without_m]
        for i, axis in enumerate(self.axes):
            axis.explore_anew((seed, i))
        self._good = copy.deepcopy(self.axes)

    @property
    def steps(self) -> int:
        """Samples learnt from, of an axis."""
        return self.axes[0].steps

    @property
    def measured(self) -> bool:
        """Whether the error without a correction is known."""
        return bool(self.errors_m)

    def pause(self) -> None:
        """End the episode: no correction, and nothing learnt from what comes in between."""
        for axis in self.axes:
            axis.end()
        self._offset: Array = np.zeros(3)
        self._goal: Array = np.zeros(3)
        self._count = 0
        self._error: Array = np.zeros(3)
        self._squares: Array = np.zeros(3)
        self._reference: Array | None = None

    def intervened(self, reason: str) -> None:
        """The supervisor took over: end the episode, keep what was good before, correct nothing from now on."""
        self._restore()
        self.given_up = True
        self.notes.append(f"the supervisor intervened ({reason}): the bundle's own policy flies on")
        self.pause()

    def step(self, position_w: Array, velocity_w: Array, reference_w: Array) -> Array:
        """Return how far beside its set-point the robot is to aim, (3,) m, world; to be called every control period.

        Args:
            position_w: (3,) m, the estimate the policy sees.
            velocity_w: (3,) m/s.
            reference_w: (3,) m, the set-point.
        """
        error = position_w - reference_w
        if self.given_up or not (np.isfinite(error).all() and np.isfinite(velocity_w).all()):
            self.pause()
            return self._offset
        self._count += 1
        self._error += np.abs(error)
        self._squares += np.square(error)
        if self._count % self._decision == 0 or self._reference is None:
            self._decide(error, velocity_w, reference_w)
        if self._count == self._window:
            self._judge()
        self._offset = self._offset + np.clip(self._goal - self._offset, -self._slew_m, self._slew_m)
        return self._offset

    def _decide(self, error: Array, velocity_w: Array, reference_w: Array) -> None:
        before, self._reference = self._reference, reference_w
        mean_error, self._error = self._error / self._decision, np.zeros(3)
        if before is None or not self.measured:
            return
        seen = np.stack([error, velocity_w, (reference_w - before) / self._decision_s], axis=1)
        for i, axis in enumerate(self.axes):
            if self.learning:
                axis.learn(-mean_error[i], seen[i])
            action = axis.act(seen[i]) if self.learning else axis.mean(seen[i])
            self._goal[i] = self.reach_m[i] * action[0]
        if not np.isfinite(self._goal).all():
            self._roll_back("it is no number")

    def _judge(self) -> None:
        """Compare the error of the window that ends with that without a correction."""
        squares, self._squares, self._count = self._squares / self._window, np.zeros(3), 0
        rms = math.sqrt(float(squares.sum()))
        if not self.measured:
            self.reach_m = np.clip(REACH * np.sqrt(squares), LEAST_M, MOST_M)
        elif rms > GROWN * self.errors_m[0]:
            self._roll_back(f"the error grew to {100 * rms:.1f} cm, without it {100 * self.errors_m[0]:.1f} cm")
        elif not all(axis.finite for axis in self.axes):
            self._roll_back("a weight is no number")
        else:
            self._good = copy.deepcopy(self.axes)
        self.errors_m.append(rms)

    def _roll_back(self, reason: str) -> None:
        self.roll_backs += 1
        self._restore()
        self.given_up = self.roll_backs >= ROLL_BACKS or not self.learning
        now = "given up" if self.given_up else "back to the last good one"
        self.notes.append(f"correction: {reason}; {now}")

    def _restore(self) -> None:
        self.axes = copy.deepcopy(self._good)
        self._offset, self._goal = np.zeros(3), np.zeros(3)
