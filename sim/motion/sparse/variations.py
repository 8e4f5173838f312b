"""Many different motions of a person from the generators, split into those to learn from and those held out.

Learnt motions leave out a band of amplitudes and two whole kinds, which are what a network is judged by. Arms that
wander freely while legs walk, step or squat keep it from reading the legs off the arms.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sim.motion.clip import Clip
from sim.motion.generators.chance import wander
from sim.motion.generators.person import make_clip
from sim.motion.generators.plan import Plan, Settings
from sim.motion.generators.registry import GENERATORS

LEARNT_KINDS = ("stand", "squat", "reach", "kick", "step", "walk")
HELD_OUT_KINDS = ("dance", "wave")
"""Never learnt from, in no variation: side steps with a bounce, and an arm that goes up and waves."""
AMPLITUDES = (0.4, 1.1)
HELD_OUT_AMPLITUDES = (0.75, 0.85)
"""Left out of what is learnt."""
SPEEDS = {"walk": (0.2, 0.8), "step": (0.0, 0.3)}
"""Of a person of 1.7 m, m/s; others with the root of the stature, as in ``generators/going.py``."""
FREE_ARMS_SHARE = 0.6
DURATION_S = 6.0
MAKING_FPS = 30.0
"""Of inverse kinematics, whose time is what the data cost; windows are read at the trackers' rate."""
_HELD_OUT = 1_000_000
"""Added to seeds."""


@dataclass(frozen=True)
class Variation:
    """One motion: which generator, with what settings, and whether the arms are its own."""

    kind: str
    settings: Settings
    free_arms: bool

    @property
    def text(self) -> str:
        """All that decides it."""
        return f"generator {self.kind}, {self.settings}" + (", arms that wander" if self.free_arms else "")


def learnt(count: int, seed: int, stature_m: float, duration_s: float = DURATION_S) -> list[Variation]:
    """Return motions to learn from, each kind as often as the others."""
    rng = np.random.default_rng(seed)
    kinds = [LEARNT_KINDS[k % len(LEARNT_KINDS)] for k in range(count)]
    return [_vary(kind, rng, stature_m, duration_s, seed * 10_000 + k) for k, kind in enumerate(kinds)]


def held_out(count: int, seed: int, stature_m: float, duration_s: float = DURATION_S) -> list[Variation]:
    """Return motions to judge by: of every kind, the learnt ones with amplitudes that were left out."""
    rng = np.random.default_rng(seed + _HELD_OUT)
    kinds = (*HELD_OUT_KINDS, *LEARNT_KINDS)
    return [
        _vary(kinds[k % len(kinds)], rng, stature_m, duration_s, (seed + _HELD_OUT) * 10_000 + k) for k in range(count)
    ]


def make(variation: Variation) -> Clip:
    """Return the motion of a person.

    Raises:
        ConfigError: if the legs are too short for it.
    """
    plan = GENERATORS[variation.kind](variation.settings)
    if variation.free_arms:
        plan = _with_free_arms(plan, variation.settings)
    return make_clip(plan, variation.settings, variation.kind, variation.text)


def _vary(kind: str, rng: np.random.Generator, stature_m: float, duration_s: float, seed: int) -> Variation:
    amplitude = rng.uniform(*HELD_OUT_AMPLITUDES)
    if seed < _HELD_OUT * 10_000:
        low, high = AMPLITUDES
        gap = HELD_OUT_AMPLITUDES[1] - HELD_OUT_AMPLITUDES[0]
        amplitude = rng.uniform(low, high - gap)
        amplitude += gap * (amplitude > HELD_OUT_AMPLITUDES[0])
    speed = None
    if kind in SPEEDS:
        speed = float(rng.uniform(*SPEEDS[kind]) * np.sqrt(stature_m / 1.7))
    settings = Settings(duration_s, MAKING_FPS, speed, float(amplitude), seed, stature_m)
    return Variation(kind, settings, kind not in HELD_OUT_KINDS and bool(rng.random() < FREE_ARMS_SHARE))


def _with_free_arms(plan: Plan, settings: Settings) -> Plan:
    """Let the arms wander through all that is before and beside a person, and the head look about."""
    way = wander(settings, (11,), most_hz=0.7)
    arms = tuple(
        replace(
            arm, forward=0.8 + 1.2 * way[:, k], aside=0.7 + 0.6 * way[:, k + 1], twist=1.2 * way[:, k + 2],
            elbow=0.9 + 0.8 * way[:, k + 3],
        )
        for k, arm in zip((0, 4), plan.arms)
    )  # fmt: skip
    look = way[:, 8:11] * (0.05, 0.2, 0.5)
    return replace(plan, arms=arms, neck=plan.neck + look, spine=plan.spine + 0.3 * look)
