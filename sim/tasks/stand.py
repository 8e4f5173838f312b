"""Stand, and recover from pushes of 0.5 m/s in any direction, by ankles, hips or a step.

With the gains of the set ``stand`` a robot that is left alone stands without a policy, which has pushes to learn and
nothing else. Episodes begin at rest: velocities would be further pushes, and larger ones.
"""

from __future__ import annotations

from math import radians

from sim.legged.spec import EndTerm, RewardTerm, legged_task
from sim.legged.tables import BODY, CERTAIN_PUSHES, MOTORS, NOISE, START_POSE, push_terms
from sim.randomization import RandomizationTable

_GYM, _OURS = "legged_gym", "ours"
_HOF = "Hof et al. 2005, doi:10.1016/j.jbiomech.2004.03.025"

TASK = legged_task(
    name="stand",
    description="Stand, pushed by 0.5 m/s every few seconds",
    robot="g1",
    rewards=(
        RewardTerm("upright", 1.0, _OURS, (("std", 0.3),)),
        RewardTerm("height", 0.5, _OURS, (("std", 0.1),)),
        RewardTerm("stillness", 0.5, _OURS, (("std", 0.3),)),
        RewardTerm("balance", 1.5, f"{_OURS}, after {_HOF}", (("std", 0.12),)),
        RewardTerm("feet_down", 0.25, _OURS),
        RewardTerm("pose", -0.1, _OURS),
        RewardTerm("roll_pitch_rate", -0.02, f"{_GYM}: -0.05"),
        RewardTerm("effort", -0.3, _OURS),
        RewardTerm("joint_speed", -1e-3, _OURS),
        RewardTerm("joint_acceleration", -1e-7, f"{_GYM}: -2.5e-7"),
        RewardTerm("joint_range", -2.0, f"{_GYM}: -10", (("share", 0.9),)),
        RewardTerm("action_change", -0.005, f"{_GYM}: -0.01"),
        RewardTerm("foot_slip", -0.1, "MuJoCo Playground"),
    ),
    ends=(
        EndTerm("tilted", "ours: unitree_sdk2's bad_orientation", (("most_rad", radians(57.0)),)),
        EndTerm("low", _OURS, (("share", 0.6),)),
    ),
    parameter_set="stand",
)
_BODY = (*START_POSE, *BODY, *MOTORS)
_PUSHES = push_terms(0.3, 0.6, 1.5, 3.5, f"{_OURS}: a little beyond what is judged, more often")
TRAINING_TABLE = RandomizationTable("stand training", (*_BODY, *_PUSHES), NOISE)
EVALUATION_TABLE = RandomizationTable("stand evaluation", (*_BODY, *CERTAIN_PUSHES), NOISE)
