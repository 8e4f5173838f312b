"""Walk on two legs at a velocity that is asked for, with the stiff gains that a robot stands by."""

from __future__ import annotations

from math import radians

from sim.legged.spec import EndTerm, RewardTerm, VelocityCommand, legged_task
from sim.legged.tables import BODY, MOTORS, NOISE, START_POSE
from sim.randomization import RandomizationTable

_GYM, _PLAYGROUND, _OURS = "legged_gym", "MuJoCo Playground", "ours"

TASK = legged_task(
    name="walk",
    description="Walk on two legs at a velocity that is asked for",
    robot="g1",
    rewards=(
        RewardTerm("track_velocity", 1.5, f"{_PLAYGROUND}: 1; std {_GYM}", (("std", 0.25),)),
        RewardTerm("track_yaw_rate", 0.75, f"{_PLAYGROUND}: 0.5", (("std", 0.5),)),
        RewardTerm("upright", 0.5, _OURS, (("std", 0.3),)),
        RewardTerm("effort", -0.2, _OURS),
        RewardTerm("joint_acceleration", -1e-7, f"{_GYM}: -2.5e-7"),
        RewardTerm("action_change", -0.005, f"{_GYM}: -0.01"),
        RewardTerm("foot_slip", -0.1, _PLAYGROUND),
    ),
    ends=(
        EndTerm("tilted", "ours: unitree_sdk2's bad_orientation", (("most_rad", radians(57.0)),)),
        EndTerm("low", _OURS, (("share", 0.6),)),
    ),
    command=VelocityCommand(
        (0.0, 0.5), (-0.1, 0.1), (-0.3, 0.3), 5.0, 0.1, f"{_OURS}: what the script that is imitated can"
    ),
    parameter_set="stand",
    feet=2,
)
_TERMS = (*START_POSE, *BODY, *MOTORS)
TRAINING_TABLE = RandomizationTable("walk training", _TERMS, NOISE)
EVALUATION_TABLE = RandomizationTable("walk evaluation", _TERMS, NOISE)
