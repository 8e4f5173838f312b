"""Motions on the spot: standing, squatting, waving, kicking, reaching about."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sim.motion.generators.chance import wander
from sim.motion.generators.plan import Plan, Settings, stance
from sim.motion.generators.steps import Footwork, Hold, Step, bump, ease


def stand(settings: Settings) -> Plan:
    """Easy standing, breathing four seconds each."""
    _, breath_s = settings.repeats(4.0)
    breath = settings.amplitude * np.sin(2.0 * np.pi * settings.time_s / breath_s)
    plan = Plan.standing(settings)
    arms = tuple(arm.moved(aside=0.02 * breath) for arm in plan.arms)
    return replace(plan, arms=arms, spine=np.outer(0.015 * breath, (0.0, 1.0, 0.0)))


def squat(settings: Settings) -> Plan:
    """Down and up, arms to the front, every three seconds."""
    _, period_s = settings.repeats(3.0)
    down = 0.5 * settings.amplitude * (1.0 - np.cos(2.0 * np.pi * settings.time_s / period_s))
    plan = Plan.standing(settings)
    arms = tuple(arm.moved(forward=1.3 * down, elbow=-0.2 * down) for arm in plan.arms)
    pitch = np.array([0.0, 1.0, 0.0])
    return replace(
        plan,
        arms=arms,
        lower_m=0.13 * settings.stature_m * down,
        pelvis=np.outer(0.3 * down, pitch),
        spine=np.outer(0.25 * down, pitch),
        neck=np.outer(-0.35 * down, pitch),
    )


def wave(settings: Settings) -> Plan:
    """The right arm goes up, its forearm waves, and it goes down again before the loop's end."""
    time_s = settings.time_s
    loop_s = settings.num_frames / settings.fps
    raise_s = min(1.2, 0.3 * loop_s)
    up = ease(time_s / raise_s) * ease((loop_s - time_s) / raise_s)
    beat = settings.amplitude * up * np.sin(2.0 * np.pi * 1.2 * time_s)
    plan = Plan.standing(settings)
    right = plan.arms[1].moved(aside=1.2 * up, twist=1.5 * up, elbow=1.0 * up + 0.45 * beat)
    lean = np.outer(up, (0.03, 0.0, -0.1))
    return replace(plan, arms=(plan.arms[0], right), spine=lean, neck=np.outer(up, (-0.06, 0.0, 0.0)))


def kick(settings: Settings) -> Plan:
    """The weight goes to the left foot; the right one swings back, to the front, and comes down where it was."""
    stature, size = settings.stature_m, settings.amplitude
    count, loop_s = settings.repeats(5.0)
    start = stance(settings)
    middle, (left, right) = tuple(start.mean(axis=0)), start
    steps, holds = [], [Hold(0.0, 0.0, middle)]
    shape = np.zeros((settings.num_frames, 2))
    for number in range(count):
        begin = number * loop_s
        lifted, landed = begin + 0.28 * loop_s, begin + 0.72 * loop_s
        steps.append(Step(1, lifted, landed, tuple(right), 0.1 * stature * size))
        holds += [
            Hold(begin + 0.2 * loop_s, begin + 0.8 * loop_s, tuple(left)),
            Hold(begin + loop_s, begin + loop_s, middle),
        ]
        done = (settings.time_s - lifted) / (landed - lifted)
        shape[:, 0] += bump((done - 0.1) / 0.45)
        shape[:, 1] += bump((done - 0.35) / 0.5)
    back, front = shape.T
    way = np.zeros((settings.num_frames, 2, 3))
    way[:, 1, 0] = size * stature * (0.22 * front - 0.12 * back)
    way[:, 1, 2] = size * stature * (0.06 * front + 0.02 * back)
    pitch = np.zeros((settings.num_frames, 2))
    pitch[:, 1] = size * (0.25 * back - 0.1 * front)
    plan = Plan.standing(settings, Footwork(start, steps, holds))
    arms = (plan.arms[0].moved(forward=0.5 * size * front, aside=0.3 * size * (front + back)),
            plan.arms[1].moved(forward=-0.4 * size * front, aside=0.3 * size * (front + back)))  # fmt: skip
    return replace(
        plan, arms=arms, foot_way_m=way, foot_pitch=pitch,
        spine=np.outer(size * (0.1 * back - 0.05 * front), (0.0, 1.0, 0.0)),
    )  # fmt: skip


def reach(settings: Settings) -> Plan:
    """Both hands and the trunk wander about, the feet stay: for policies that follow hands and head."""
    size = settings.amplitude
    way = size * wander(settings, (13,), most_hz=0.5)
    plan = Plan.standing(settings)
    arms = tuple(
        arm.moved(
            forward=size * 0.6 + 0.8 * way[:, k], aside=size * 0.35 + 0.4 * way[:, k + 1],
            twist=0.3 * way[:, k + 2], elbow=size * 0.5 + 0.6 * way[:, k + 3],
        )
        for k, arm in zip((0, 4), plan.arms)
    )  # fmt: skip
    return replace(
        plan,
        arms=arms,
        lower_m=0.04 * settings.stature_m * (size + way[:, 8]),
        spine=way[:, 9:12] * (0.12, 0.2, 0.45),
        neck=np.outer(way[:, 12], (0.0, 0.0, 0.4)),
    )
