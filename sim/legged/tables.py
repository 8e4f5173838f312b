"""The published randomization of bodies on legs, as terms that tasks put together."""

from __future__ import annotations

from sim.distributions import Constant, Uniform
from sim.legged.randomizable import LeggedTerm

_PBHC = "PBHC, arXiv 2506.12851"
_BEYOND_MIMIC = "BeyondMimic, arXiv 2508.08241"
_PLAYGROUND = "MuJoCo Playground, arXiv 2502.08844"
_LEGGED_GYM = "legged_gym, arXiv 2109.11978"


def delay_term(most_s: float = 0.02) -> LeggedTerm:
    """Return the latency: one control period at most, as the bundle's budget says."""
    return LeggedTerm("action_delay_s", Uniform(0.0, most_s), "set", f"{_PBHC}: 0 to 2 steps; here at most one")


def push_terms(least_m_s: float, most_m_s: float, least_s: float, most_s: float, source: str) -> tuple[LeggedTerm, ...]:
    """Return pushes of these speeds, so many seconds apart."""
    return (
        LeggedTerm("push_speed", Uniform(least_m_s, most_m_s), "set", source),
        LeggedTerm("push_period_s", Uniform(least_s, most_s), "set", source),
    )


START_POSE = (
    LeggedTerm("start_joint_position", Uniform(-0.1, 0.1), "add", f"{_BEYOND_MIMIC}: +-0.1 rad"),
    LeggedTerm("start_tilt", Uniform(-0.1, 0.1), "add", f"{_BEYOND_MIMIC}: +-0.1 rad"),
)
START = (
    *START_POSE,
    LeggedTerm("start_velocity", Uniform(-0.5, 0.5), "add", f"{_LEGGED_GYM}: +-0.5 m/s"),
    LeggedTerm("start_angular_velocity", Uniform(-0.5, 0.5), "add", f"{_LEGGED_GYM}: +-0.5 rad/s"),
)
BODY = (
    LeggedTerm("friction", Uniform(0.3, 1.6), "set", f"{_BEYOND_MIMIC}: static friction 0.3 to 1.6"),
    LeggedTerm("base_mass", Uniform(-1.0, 1.0), "add", f"{_PLAYGROUND}: torso +-1 kg"),
    LeggedTerm("link_mass", Uniform(0.9, 1.1), "scale", f"{_PBHC}, {_PLAYGROUND}"),
    LeggedTerm("centre_of_mass", Uniform(-0.03, 0.03), "add", f"{_BEYOND_MIMIC}: +-2.5 to 5 cm"),
)
MOTORS = (
    LeggedTerm("kp", Uniform(0.9, 1.1), "scale", _PBHC),
    LeggedTerm("kd", Uniform(0.9, 1.1), "scale", _PBHC),
    LeggedTerm("armature", Uniform(1.0, 1.05), "scale", _PLAYGROUND),
    LeggedTerm("joint_offset", Uniform(-0.01, 0.01), "add", f"{_BEYOND_MIMIC}: joint default +-0.01 rad"),
    LeggedTerm("torque_noise", Uniform(0.025, 0.075), "set", f"{_PBHC}: 0.05 times 0.5 to 1.5"),
    delay_term(),
)
CERTAIN_PUSHES = (
    LeggedTerm("push_speed", Constant(0.5), "set", "what recovery is judged by: 0.5 m/s"),
    LeggedTerm("push_period_s", Uniform(4.0, 5.0), "set", "at least three in an episode of 20 s"),
)
NOISE = (
    ("gravity_b", 0.05 / 3**0.5),
    ("angular_velocity_b", 0.2 / 3**0.5),
    ("joint_position_offset", 0.01 / 3**0.5),
    ("joint_velocity", 1.5 / 3**0.5),
)
"""legged_gym's, which are even ones of +-0.05, 0.2, 0.01 and 1.5: their standard deviations."""
