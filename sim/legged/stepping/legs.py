"""Where the joints of a leg are to be: of one that stands, one that carries the body alone, and one that swings."""

from __future__ import annotations

import numpy as np

from sim.legged.leg_kinematics import Leg
from sim.legged.stepping.seen import Array, Mask, Seen
from sim.legged.stepping.settings import CaptureStepSettings
from sim.legged.stepping.steps import Steps
from sim.robot_parameters import GRAVITY
from sim.spec import JointParameters


class LegTargets:
    """Targets of both legs.

    Args:
        legs: left and right.
        parameters: of the robot.
        period_s: between two control steps.
        settings: of all that can be set.
    """

    def __init__(
        self, legs: tuple[Leg, Leg], parameters: JointParameters, period_s: float, settings: CaptureStepSettings
    ) -> None:
        self._legs, self._p, self._settings, self._period_s = legs, parameters, settings, period_s
        self._weight = parameters.mass * GRAVITY

    def angles(self, seen: Seen, steps: Steps, number: int) -> Array:
        """Return a leg's targets, rad; (n, 6)."""
        swings = steps.stepping & (steps.swinging == number)
        carries = steps.stepping & ~swings
        sway = np.zeros_like(seen.centre)
        sway[:, 1] = self._settings.sway * self._settings.damping_s * seen.centre_velocity[:, 1]
        stepping = np.where(swings[:, None], self._swing_place(seen, steps), seen.feet[:, number])
        stepping = stepping - self._period_s * seen.velocity
        sole = np.where(steps.stepping[:, None], stepping, steps.standing[:, number] + sway)
        height = np.where(swings, seen.height - self._swing_height(steps), self._settings.height)
        # Legs that carry are set as for an upright base, and so turn it upright; one that swings takes it as it is.
        roll, pitch = np.where(swings, seen.roll, 0.0), np.where(swings, seen.pitch, 0.0)
        angles = self._legs[number].angles(np.column_stack([sole, -height]), roll, pitch)
        angles[:, 2] = self._hip_yaw(seen, steps, number, swings)
        return angles + np.where(swings[:, None], 0.0, self._leaning(seen, number, carries))

    def _hip_yaw(self, seen: Seen, steps: Steps, number: int, swings: Mask) -> Array:
        """Return how a leg is turned, rad: one that carries turns the base, one that swings goes ahead of it."""
        c, missed = self._settings, steps.missed(seen)
        now = seen.joints[:, self._legs[number].joints[2]]
        ahead = missed + 0.5 * c.step_s * seen.command[:, 2]
        turned = np.where(swings, ahead, now - c.turning * missed).clip(-c.most_turn, c.most_turn)
        return np.where(steps.stepping, turned, 0.0)

    def _leaning(self, seen: Seen, number: int, carries: Mask) -> Array:
        """Return by how much a leg that carries aims beside its place to push as it should; (n, 6) rad."""
        c, leg = self._settings, self._legs[number]
        load = np.where(carries, self._weight, 0.5 * self._weight)
        off = c.gain * (seen.capture - seen.feet[:, number])
        damping = (c.damping_s * seen.centre_velocity[:, 0]).clip(-c.sole[0], c.sole[0])
        ahead = np.where(carries, off[:, 0].clip(-c.sole[0], c.sole[0]) - leg.ankle[0], damping)
        aside = np.where(carries, off[:, 1].clip(-c.sole[1], c.sole[1]), 0.0)
        kp = np.array(self._p.kp)[leg.joints]
        angles = np.zeros((len(load), len(kp)))
        angles[:, 1] = carries * c.hanging * self._weight * leg.hip_b[1] / kp[1]
        angles[:, 4], angles[:, 5] = load * ahead / kp[4], -load * aside / kp[5]
        return angles

    def _swing_place(self, seen: Seen, steps: Steps) -> Array:
        """Return where the foot that steps is to be now, (n, 2)."""
        c, stands = self._settings, seen.feet[np.arange(len(seen.feet)), 1 - steps.swinging]
        left_s = (c.step_s - steps.time_s).clip(0.0)
        sole = np.array(c.sole)
        pressure = stands + (1.5 * (seen.capture - stands)).clip(-sole, sole)
        later = pressure + (seen.capture - pressure) * np.exp(c.frequency * left_s)[:, None]
        side = np.where(steps.swinging == 0, 1.0, -1.0)
        # A pendulum that goes on at v has its capture point v T / (exp(w T) - 1) before the foot that it changes to.
        back = c.behind * c.step_s / (np.exp(c.frequency * c.step_s) - 1.0) * seen.command[:, :2]
        step = later - stands - back + np.stack([np.full_like(side, c.ahead), side * c.outside], axis=1)
        step[:, 0] = step[:, 0].clip(-c.longest, c.longest)
        step[:, 1] = side * (side * step[:, 1]).clip(*c.width)
        share = (steps.time_s / (c.early * c.step_s)).clip(0.0, 1.0)[:, None]
        return steps.lifted + (stands + step - steps.lifted) * share**2 * (3.0 - 2.0 * share)

    def _swing_height(self, steps: Steps) -> Array:
        """Return how high the foot that steps is to be now, m; (n,)."""
        c, share = self._settings, (steps.time_s / self._settings.step_s).clip(0.0, 1.0)
        return c.lift * np.sin(np.pi * share) - c.press * (share > 0.8)
