"""Walk at a velocity that is asked for: ahead, sideways and turning, on flat ground, pushed now and then.

Rewards after MuJoCo Playground (arXiv 2502.08844) and legged_gym (arXiv 2109.11978), for quadrupeds and
humanoids alike. The actor sees gravity, gyroscope, encoders, the command and its last targets, never its velocity.
"""

from __future__ import annotations

from math import radians

from sim.distributions import Uniform
from sim.legged.randomizable import LeggedTerm
from sim.legged.spec import EndTerm, RewardTerm, VelocityCommand, legged_task
from sim.legged.tables import BODY, MOTORS, NOISE, START, push_terms
from sim.randomization import RandomizationTable

_GYM, _PLAYGROUND, _OURS = "legged_gym", "MuJoCo Playground", "ours"

TASK = legged_task(
    name="velocity",
    description="Walk at a velocity that is asked for",
    robot="go1",
    rewards=(
        RewardTerm("track_velocity", 1.5, f"{_PLAYGROUND}: 1; std {_GYM}", (("std", 0.5),)),
        RewardTerm("track_yaw_rate", 0.75, f"{_PLAYGROUND}: 0.5", (("std", 0.5),)),
        RewardTerm("vertical_velocity", -0.5, _PLAYGROUND),
        RewardTerm("roll_pitch_rate", -0.03, f"{_GYM}: -0.05"),
        RewardTerm("tilt", -2.0, f"{_PLAYGROUND}: -5"),
        RewardTerm("effort", -0.2, f"{_OURS}: of the size of {_PLAYGROUND}'s torques"),
        RewardTerm("joint_acceleration", -2.5e-7, _GYM),
        RewardTerm("joint_range", -5.0, _GYM, (("share", 0.9),)),
        RewardTerm("action_change", -0.03, f"{_GYM}: -0.01"),
        RewardTerm("pose", -0.1, f"{_PLAYGROUND}: pose 0.5, as a bell"),
        RewardTerm("stand_still", -0.3, _OURS),
        RewardTerm("foot_air_time", 0.3, f"{_GYM}; {_OURS}: times", (("least_s", 0.06), ("most_s", 0.26)), feet=4),
        RewardTerm("foot_air_time", 0.5, f"{_PLAYGROUND}; {_OURS}: times", (("least_s", 0.1), ("most_s", 0.4)), feet=2),
        RewardTerm("foot_clearance", -0.3, f"{_PLAYGROUND}: -2", (("height_m", 0.08),)),
        RewardTerm("single_support", 0.3, _OURS, feet=2),
        RewardTerm("upright", 0.3, f"{_OURS}: alive", (("std", 0.3),), feet=2),
        RewardTerm("foot_slip", -0.1, _PLAYGROUND),
    ),
    ends=(
        EndTerm("tilted", f"{_PLAYGROUND}: beyond the horizontal; here sooner", (("most_rad", radians(60.0)),)),
        EndTerm("low", _OURS, (("share", 0.5),)),
    ),
    command=VelocityCommand((-1.0, 1.0), (-0.5, 0.5), (-1.0, 1.0), 5.0, 0.1, f"{_GYM}: +-1 m/s, +-1 m/s, +-1 rad/s"),
)
_PUSHES = push_terms(0.0, 0.5, 5.0, 10.0, "PBHC: every 5 to 10 s; mjlab: up to 0.5 m/s")
_TERMS = (*START, *BODY, *MOTORS, *_PUSHES)
TRAINING_TABLE = RandomizationTable("velocity training", _TERMS, NOISE)
EVALUATION_TABLE = RandomizationTable("velocity evaluation", _TERMS, NOISE)
_OFF_CENTRE = LeggedTerm(
    "centre_of_mass", Uniform(-0.06, 0.06), "add", f"{_OURS}: twice what is judged by; {_PLAYGROUND}: +-5 cm"
)
_LOADED = tuple(_OFF_CENTRE if term.parameter == "centre_of_mass" else term for term in BODY)
_MORE_PUSHES = push_terms(0.0, 0.5, 1.0, 3.0, "BeyondMimic: up to 0.5 m/s, every 1 to 3 s")
HARDER_TABLE = RandomizationTable("velocity training", (*START, *_LOADED, *MOTORS, *_MORE_PUSHES), NOISE)
"""For who walks already (``train --harder``): walkers fell in 2 % of episodes, to the side that their load hung to."""
