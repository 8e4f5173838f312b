"""All numbers of the scripted controller that steps after the capture point."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class CaptureStepSettings:
    """Defaults are for standing, found by trying on the G1 over 100 randomised episodes each.

    Lengths are in m, in the base's heading.
    """

    height: float = 0.778
    """Of the base while it steps."""
    frequency: float = 3.8
    """w, rad/s, of a centre of mass 0.68 m high."""
    step_s: float = 0.2
    lift: float = 0.05
    press: float = 0.01
    """Below the floor a foot aims at the end, so that it lands in time."""
    early: float = 0.8
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
    damping_s: float = 0.5
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
    behind: float = 1.0
    """Of the capture point a foot is set down by this share of what a pendulum that walks needs."""
    asked: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """Of the velocity that is asked for, ahead, to the left and turning, what it steps for: it falls short of that."""
    turning: float = 1.0
    """Of the base's turn by the leg that carries, over what its heading misses."""
    heading_s: float = 1.0
    """In which a heading that was missed is forgotten."""
    most_turn: float = 0.0
    """Of a hip, rad; 0: it is kept straight, which bears larger pushes."""


WALKING = CaptureStepSettings(
    height=0.761, frequency=4.44, step_s=0.162, lift=0.05, press=-0.008, ahead=-0.058, outside=0.085,
    width=(0.12, 0.42), gain=0.32, sole=(0.063, 0.026), hanging=0.58, behind=1.015, asked=(1.27, 1.27, 2.0),
    turning=0.25, heading_s=0.1, most_turn=0.3,
)  # fmt: skip
"""Found by CMA-ES (arXiv 1604.00772) on the G1: falls, and errors of the velocity and the yaw rate, in 32 randomised
simulations of 9 s each, 33 generations of 14; ``asked`` afterwards, so that it goes as fast as asked. A longer memory
of the heading turns more as asked, but who imitates it cannot see a heading, and falls more often."""
ON_THE_SPOT = replace(
    WALKING, height=0.736, frequency=5.66, step_s=0.114, lift=0.102, press=-0.0018, early=0.661, ahead=-0.0419,
    outside=0.0924, width=(0.125, 0.586), gain=0.299, sole=(0.0302, 0.0264), hanging=0.415, landed=0.908,
    adopted=0.645, flying=0.0658, behind=0.864, turning=0.261, heading_s=0.0766, most_turn=0.181, tipping=-1.0,
    calm=0.0,
)  # fmt: skip
"""It never stops stepping: who is always about to set a foot down need not find out first that he was pushed. Found by
`python -m tests.bench.stepping_tuning stand`, 19 generations, under errors of every action as a student makes them."""
