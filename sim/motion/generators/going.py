"""Motions that step: walking, stepping in place, dancing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sim.motion.generators.chance import wander
from sim.motion.generators.plan import Array, Plan, Settings, stance
from sim.motion.generators.steps import Footwork, Step

STEP_S = 0.55
"""Of a person of 1.7 m; others as pendulums of their height, so with the root of the stature."""
BOTH_STAND = 0.3
"""Share of a step's time with both feet on the ground: 0.2 in walking people (Winter 2009), more is easier."""
WALK_SPEED_M_S = 0.6
"""The same person's; others with the root of the stature: equal Froude numbers (Alexander 1989)."""


def walk(settings: Settings) -> Plan:
    """Steady walking forward: half the step's length before and half behind, arms against the legs."""
    speed = _easy_speed(settings) if settings.speed_m_s is None else settings.speed_m_s
    return _gait(settings, speed * settings.amplitude, 0.035, swing=0.35)


def step(settings: Settings) -> Plan:
    """Stepping in place, feet lifted high; with a speed, walking with high steps."""
    return _gait(settings, settings.speed_m_s or 0.0, 0.07 * settings.amplitude, swing=0.45 * settings.amplitude)


def dance(settings: Settings) -> Plan:
    """Side steps to and fro with a bounce, a turning chest and arms that wander, differently for each seed."""
    stature, size = settings.stature_m, settings.amplitude
    count, loop_s = settings.repeats(4.0 * _step_s(settings))
    wide = 0.09 * stature * size
    start = stance(settings)
    steps = []
    for turn in range(count):
        for number, (foot, shift) in enumerate(((0, wide), (1, wide), (1, 0.0), (0, 0.0))):
            begin = turn * loop_s + number * loop_s / 4.0
            steps.append(_swing(foot, begin, loop_s / 4.0, start[foot] + (0.0, shift), 0.04 * stature))
    beat = 2.0 * np.pi * settings.time_s / loop_s
    plan = Plan.standing(settings, Footwork(start, steps))
    way = size * wander(settings, (8,), most_hz=0.8)
    left, right = (
        arm.moved(
            forward=size * 0.5 + 0.5 * way[:, k], aside=size * 0.35 + 0.35 * way[:, k + 1],
            twist=0.3 * way[:, k + 2], elbow=size * 0.8 + 0.4 * way[:, k + 3],
        )
        for k, arm in zip((0, 4), plan.arms)
    )  # fmt: skip
    return replace(
        plan,
        arms=(left, right),
        lower_m=stature * size * 0.012 * (1.0 - np.cos(4.0 * beat)),
        pelvis=_turn(yaw=size * 0.1 * np.sin(beat), roll=size * 0.04 * np.sin(beat)),
        spine=_turn(yaw=-size * 0.3 * np.sin(beat), pitch=np.full(len(beat), 0.08 * size)),
        neck=_turn(yaw=size * 0.2 * np.sin(beat), pitch=size * 0.06 * np.sin(2.0 * beat)),
    )


def _gait(settings: Settings, speed: float, lift: float, swing: float) -> Plan:
    stature = settings.stature_m
    count, stride_s = settings.repeats(2.0 * _step_s(settings))
    step_s, stride = 0.5 * stride_s, speed * stride_s
    # Each foot stands where the body is in the middle of its time alone: the right after a quarter of a stride.
    start = stance(settings)
    start[0, 0], start[1, 0] = -0.25 * stride, 0.25 * stride
    steps, at = [], start.copy()
    for number in range(2 * count):
        foot = number % 2
        at[foot, 0] += stride
        steps.append(_swing(foot, number * step_s, step_s, at[foot], lift * stature))
    phase = 2.0 * np.pi * settings.time_s / stride_s
    plan = Plan.standing(settings, Footwork(start, steps, drift=np.array([count * stride, 0.0])))
    far = min(abs(speed) / _easy_speed(settings), 1.0) if speed else 1.0
    left, right = (
        arm.moved(forward=sign * swing * far * np.cos(phase), elbow=np.full(len(phase), 0.25))
        for sign, arm in zip((1.0, -1.0), plan.arms)
    )
    yaw = 0.06 * far * np.cos(phase)
    return replace(plan, arms=(left, right), pelvis=_turn(yaw=yaw), spine=_turn(yaw=-2.0 * yaw), neck=_turn(yaw=yaw))


def _easy_speed(settings: Settings) -> float:
    return WALK_SPEED_M_S * float(np.sqrt(settings.stature_m / 1.7))


def _step_s(settings: Settings) -> float:
    return STEP_S * float(np.sqrt(settings.stature_m / 1.7))


def _swing(foot: int, begin_s: float, step_s: float, to: Array, lift_m: float) -> Step:
    both = 0.5 * BOTH_STAND * step_s
    return Step(foot, begin_s + both, begin_s + step_s - both, (float(to[0]), float(to[1])), lift_m)


def _turn(roll: Array | float = 0.0, pitch: Array | float = 0.0, yaw: Array | float = 0.0) -> Array:
    """Return small turns as rotation vectors, (T, 3)."""
    return np.stack(np.broadcast_arrays(roll, pitch, yaw), axis=-1)
