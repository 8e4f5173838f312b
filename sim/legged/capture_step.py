"""A scripted controller that stands and steps after pushes, told the whole truth: a teacher for policies.

It watches the capture point x = c + v / w, w = sqrt(g / h), where a body that pivots about its foot comes to rest
(Pratt et al. 2006, doi:10.1109/ICHR.2006.321385). Near the middle of the feet it is brought back by the ankles; beyond,
foot after foot is set down beside where it will be, until the body is caught.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.envs.legged import LeggedEnv
from sim.legged.leg_kinematics import find_legs
from sim.legged.spec import ACTION_REACH
from sim.robot_parameters import GRAVITY

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class CaptureStepSettings:
    """All numbers, found by trying on the G1 over 64 randomised episodes each; lengths in m, in the base's heading."""

    height: float = 0.778
    """Of the base while it steps."""
    frequency: float = 3.8
    """w, rad/s, of a centre of mass 0.68 m high."""
    step_s: float = 0.2
    lift: float = 0.05
    press: float = 0.01
    """Below the floor a foot aims at the end, so that it lands in time."""
    early: float = 0.7
    """Share of a step after which the foot is to be over its place."""
    ahead: float = -0.02
    """Of the capture point a foot's middle is set down."""
    outside: float = 0.08
    """Beside the capture point: a body falls from foot to foot, in place where this is width / (1 + exp(w step_s))."""
    width: tuple[float, float] = (0.17, 0.42)
    """Between the feet."""
    longest: float = 0.45
    """Step ahead or back."""
    gain: float = 1.6
    """Of the pressure under a foot away from its middle, over the capture point away from it."""
    sole: tuple[float, float] = (0.075, 0.02)
    """How far from the middle of a sole it can push, ahead and aside."""
    damping_s: float = 0.4
    """Pressure against a velocity while standing, m per m/s."""
    sway: float = 0.17
    """Of the base aside, over the pressure that is to be moved aside, while standing."""
    follow: float = 0.002
    """By which standing feet and the centre of mass are brought together in a control step."""
    hanging: float = 0.87
    """Share of the weight that tilts the pelvis about the one hip it stands on, which the hip's target makes up for."""
    tipping: float = 0.07
    """Capture point from the middle of the feet, ahead or back, from which on it steps."""
    toppling: float = 0.05
    """Beyond the outer foot, likewise."""
    calm: float = 0.035
    """Capture point, ahead or back, within which it may stop."""
    parallel: float = 0.06
    """One foot ahead of the other, likewise."""
    least_steps: int = 2
    landed: float = 0.7
    """Share of a step from which on a foot that touches the floor ends it."""
    adopted: float = 0.3
    """Share of a step that such a foot has behind it."""
    flying: float = 0.03
    """Height of a foot from which on it is taken to step, whatever was meant."""


@dataclass(frozen=True)
class _Seen:
    """Of n simulations, horizontal vectors along the base's heading and from it, m and m/s."""

    roll: Array
    pitch: Array
    height: Array
    velocity: Array
    """(n, 2) of the base."""
    centre: Array
    """(n, 2) of mass."""
    centre_velocity: Array
    """(n, 2)"""
    capture: Array
    """(n, 2)"""
    feet: Array
    """(n, 2, 2) middles of the soles, left and right."""
    foot_height: Array
    """(n, 2) above the floor."""
    touching: Mask
    """(n, 2) feet on the floor."""

    @property
    def middle(self) -> Array:
        """Between the feet, (n, 2)."""
        return self.feet.mean(1)


class CaptureSteps:
    """One controller for all simulations of an environment.

    Args:
        env: to look at; its robot needs two legs as in ``sim.legged.leg_kinematics``.
        settings: of all that can be set.

    Raises:
        ConfigError: if the robot has other legs.
    """

    def __init__(self, env: LeggedEnv, settings: CaptureStepSettings | None = None) -> None:
        n, p = env.num_envs, env.spec.parameters
        self._env, self._settings, self._p = env, settings or CaptureStepSettings(), p
        self._legs = find_legs(env.spec.robot, p)
        self._pose, self._reach = np.array(p.default_pose_rad), ACTION_REACH * np.array(p.action_scale_rad)
        self._period_s, self._weight = env.spec.timing.control_period_s, p.mass * GRAVITY
        self._all = np.arange(n)
        self._stepping = np.zeros(n, bool)
        self._swinging = np.zeros(n, int)
        """Which foot steps, or stepped last: 0 for the left one."""
        self._time_s, self._count = np.zeros(n), np.zeros(n, int)
        """In the present step; steps since it stood."""
        self._lifted = np.zeros((n, 2))
        """Where the foot was that steps."""
        self._standing, self._new = np.zeros((n, 2, 2)), np.ones(n, bool)
        """Where feet are kept while standing; where that is not known yet."""
        self._last_centre = np.zeros((n, 2))

    @property
    def phase(self) -> NDArray[np.int64]:
        """What each simulation is at, (n,): 0 stands, 1 to 3 thirds of a step with the left foot, 4 to 6 the right."""
        third = (3.0 * self._time_s / self._settings.step_s).astype(int).clip(0, 2)
        return np.where(self._stepping, 1 + third + 3 * self._swinging, 0)

    def act(self) -> Array:
        """Return actions for the present state; (n, J) in [-1, 1]."""
        begun = self._env.age == 0
        seen = self._look(begun)
        self._stepping &= ~begun
        self._new |= begun
        self._decide(seen)
        target = np.tile(self._pose, (len(self._all), 1))
        for number, leg in enumerate(self._legs):
            target[:, leg.joints] = self._leg_angles(seen, number)
        return ((target - self._pose) / self._reach).clip(-1.0, 1.0)

    def _look(self, begun: Mask) -> _Seen:
        world, s = self._env.world, self._env.world.state
        w, x, y, z = s.quaternion_w.astype(float).T
        yaw = np.arctan2(2.0 * (w * z + x * y), 1.0 - 2.0 * (y * y + z * z))
        cos, sin = np.cos(yaw), np.sin(yaw)

        def along_heading(v: Array) -> Array:
            return np.stack([cos * v[:, 0] + sin * v[:, 1], cos * v[:, 1] - sin * v[:, 0]], axis=1)

        base, velocity = s.position_w[:, :2].astype(float), s.velocity_w[:, :2].astype(float)
        centre = world.centre_of_mass_w()[:, :2]
        moved = np.where(begun[:, None], velocity, (centre - self._last_centre) / self._period_s)
        self._last_centre = centre
        # The centre of mass is a step old and cannot show a push yet; the base does, but shakes.
        centre_velocity = along_heading(0.5 * (velocity + moved))
        from_base = along_heading(centre - base)
        return _Seen(
            roll=np.arctan2(2.0 * (w * x + y * z), 1.0 - 2.0 * (x * x + y * y)),
            pitch=np.arcsin((2.0 * (w * y - z * x)).clip(-1.0, 1.0)),
            height=s.position_w[:, 2].astype(float),
            velocity=along_heading(velocity),
            centre=from_base,
            centre_velocity=centre_velocity,
            capture=from_base + centre_velocity / self._settings.frequency,
            foot_height=s.foot_position_w[:, :, 2].astype(float),
            touching=s.foot_contact > 0.5,
            feet=np.stack([along_heading(s.foot_position_w[:, k, :2] - base) for k in range(2)], axis=1),
        )

    def _decide(self, seen: _Seen) -> None:
        """Begin steps, go on to the next one, stop; and keep account of where feet were."""
        c, off, apart = self._settings, seen.capture - seen.middle, seen.feet[:, 0] - seen.feet[:, 1]
        half_width = 0.5 * np.abs(apart[:, 1])
        aside = np.abs(off[:, 1]) > half_width + c.toppling
        begin = ~self._stepping & (aside | (np.abs(off[:, 0]) > c.tipping))
        landed = seen.touching[self._all, self._swinging] & (self._time_s > c.landed * c.step_s)
        over = self._stepping & ((self._time_s > c.step_s - 1e-6) | landed)
        caught = (np.abs(off[:, 0]) < c.calm) & (np.abs(off[:, 1]) < half_width) & (np.abs(apart[:, 0]) < c.parallel)
        stop = over & caught & (self._count >= c.least_steps)
        go_on = over & ~stop
        # A body that falls aside widens its stance; one that falls ahead or back stands on the foot it leans to.
        first = np.where(aside, off[:, 1] < 0.0, off[:, 1] > 0.0).astype(int)
        # A student's foot that is in the air is stepping, whatever would have been done instead.
        flies = ~seen.touching & (seen.foot_height > c.flying)
        other = flies[:, 0] ^ flies[:, 1]
        other &= ~self._stepping | stop | (self._swinging != flies.argmax(1))
        first = np.where(other, flies.argmax(1), first)
        begin |= other
        go_on, stop = go_on & ~other, stop & ~other
        self._swinging = np.where(begin, first, np.where(go_on, 1 - self._swinging, self._swinging))
        self._count = np.where(begin, 1, self._count + go_on)
        stepped = begin | go_on
        self._stepping = (self._stepping & ~stop) | begin
        self._time_s = np.where(stepped, np.where(other, c.adopted * c.step_s, 0.0), self._time_s)
        self._time_s += self._period_s * self._stepping
        self._lifted[stepped] = seen.feet[self._all, self._swinging][stepped]
        self._lifted -= self._period_s * seen.velocity * self._stepping[:, None]
        self._new |= stop
        self._standing[self._new] = seen.feet[self._new]
        self._new[:] = False
        self._standing += (seen.centre - self._standing.mean(1)).clip(-c.follow, c.follow)[:, None]

    def _leg_angles(self, seen: _Seen, number: int) -> Array:
        """Return a leg's targets, rad; (n, 6)."""
        swings = self._stepping & (self._swinging == number)
        carries = self._stepping & ~swings
        sway = np.zeros_like(seen.centre)
        sway[:, 1] = self._settings.sway * self._settings.damping_s * seen.centre_velocity[:, 1]
        stepping = np.where(swings[:, None], self._swing_place(seen), seen.feet[:, number])
        stepping = stepping - self._period_s * seen.velocity
        sole = np.where(self._stepping[:, None], stepping, self._standing[:, number] + sway)
        height = np.where(swings, seen.height - self._swing_height(), self._settings.height)
        # Legs that carry are set as for an upright base, and so turn it upright; one that swings takes it as it is.
        roll, pitch = np.where(swings, seen.roll, 0.0), np.where(swings, seen.pitch, 0.0)
        angles = self._legs[number].angles(np.column_stack([sole, -height]), roll, pitch)
        return angles + np.where(swings[:, None], 0.0, self._leaning(seen, number, carries))

    def _leaning(self, seen: _Seen, number: int, carries: Mask) -> Array:
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

    def _swing_place(self, seen: _Seen) -> Array:
        """Return where the foot that steps is to be now, (n, 2)."""
        c, stands = self._settings, seen.feet[self._all, 1 - self._swinging]
        left_s = (c.step_s - self._time_s).clip(0.0)
        sole = np.array(c.sole)
        pressure = stands + (1.5 * (seen.capture - stands)).clip(-sole, sole)
        later = pressure + (seen.capture - pressure) * np.exp(c.frequency * left_s)[:, None]
        side = np.where(self._swinging == 0, 1.0, -1.0)
        step = later - stands + np.stack([np.full_like(side, c.ahead), side * c.outside], axis=1)
        step[:, 0] = step[:, 0].clip(-c.longest, c.longest)
        step[:, 1] = side * (side * step[:, 1]).clip(*c.width)
        share = (self._time_s / (c.early * c.step_s)).clip(0.0, 1.0)[:, None]
        return self._lifted + (stands + step - self._lifted) * share**2 * (3.0 - 2.0 * share)

    def _swing_height(self) -> Array:
        """Return how high the foot that steps is to be now, m; (n,)."""
        c, share = self._settings, (self._time_s / self._settings.step_s).clip(0.0, 1.0)
        return c.lift * np.sin(np.pi * share) - c.press * (share > 0.8)
