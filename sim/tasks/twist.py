"""Lead a hand along poses and trajectories while walking: a quadruped with an arm follows a twist of its end effector.

After arXiv 2507.08656: rewards in three groups, locomotion, manipulation and contact schedule, each of which can have
a critic of its own. The actor sees the corrected twist and the feet's clock, never the hand's pose or its own velocity.
"""

from __future__ import annotations

from math import radians

from sim.distributions import Uniform
from sim.legged.gait import TrotCommand
from sim.legged.hand import HandCommand
from sim.legged.randomizable import LeggedTerm
from sim.legged.spec import EndTerm, RewardTerm, VelocityCommand, legged_task
from sim.legged.tables import BODY, MOTORS, NOISE, push_terms
from sim.randomization import RandomizationTable

_GYM, _PLAYGROUND, _OURS = "legged_gym", "MuJoCo Playground", "ours"
_MULTI = "arXiv 2507.08656; weight and std ours"
_WALK, _HAND, _FEET = "locomotion", "manipulation", "contact schedule"

TASK = legged_task(
    name="twist",
    description="Lead a hand along a pose that moves, while walking",
    robot="go1_arm",
    parameter_set="steps",
    rewards=(
        RewardTerm("track_velocity", 1.5, f"{_PLAYGROUND}: 1; std {_GYM}", (("std", 0.4),), group=_WALK),
        RewardTerm("track_yaw_rate", 0.75, f"{_PLAYGROUND}: 0.5", (("std", 0.5),), group=_WALK),
        RewardTerm("vertical_velocity", -0.5, _PLAYGROUND, group=_WALK),
        RewardTerm("roll_pitch_rate", -0.03, f"{_GYM}: -0.05", group=_WALK),
        RewardTerm("tilt", -1.0, f"{_PLAYGROUND}: -5; it may lean to reach", group=_WALK),
        RewardTerm("effort", -0.2, f"{_OURS}: of the size of {_PLAYGROUND}'s torques", group=_WALK),
        RewardTerm("joint_acceleration", -1.5e-7, f"{_GYM}: -2.5e-7", group=_WALK),
        RewardTerm("joint_range", -5.0, _GYM, (("share", 0.9),), group=_WALK),
        RewardTerm("action_change", -0.02, f"{_GYM}: -0.01", group=_WALK),
        RewardTerm("leg_pose", -0.1, f"{_PLAYGROUND}: pose 0.5, as a bell", group=_WALK),
        RewardTerm("leg_stand_still", -0.3, _OURS, group=_WALK),
        RewardTerm("hand_position", 1.0, _OURS, (("std", 0.1),), group=_HAND),
        RewardTerm("hand_position", 1.0, _OURS, (("std", 0.03),), group=_HAND),
        RewardTerm("hand_orientation", 0.75, _OURS, (("std", 0.3),), group=_HAND),
        RewardTerm("hand_orientation", 0.75, _OURS, (("std", 0.1),), group=_HAND),
        RewardTerm("hand_velocity", 0.5, _MULTI, (("std", 0.2),), group=_HAND),
        RewardTerm("hand_angular_velocity", 0.5, _MULTI, (("std", 0.8),), group=_HAND),
        RewardTerm("contact_schedule", 0.5, _MULTI, group=_FEET),
        RewardTerm("foot_height", 1.0, _MULTI, (("std", 0.06),), group=_FEET),
        RewardTerm("foot_slip", -0.1, _PLAYGROUND, group=_FEET),
    ),
    ends=(
        EndTerm("tilted", f"{_PLAYGROUND}: beyond the horizontal; here sooner", (("most_rad", radians(60.0)),)),
        EndTerm("low", _OURS, (("share", 0.5),)),
    ),
    command=VelocityCommand((-0.5, 0.5), (-0.3, 0.3), (-0.5, 0.5), 5.0, 0.1, f"{_OURS}: half of what it walks alone"),
    asked=(
        TrotCommand(2.0, 0.06, f"{_OURS}"),
        HandCommand(
            reach_rad=0.4, period_s=4.0, travel_s=(1.5, 3.0), gain_per_s=5.0, most_m_s=0.5, most_rad_s=2.0,
            source_note=_OURS,
        ),
    ),
)  # fmt: skip
_PUSHES = push_terms(0.0, 0.3, 5.0, 10.0, f"PBHC: every 5 to 10 s; {_OURS}: up to 0.3 m/s, under an arm")
_NOISE = (*NOISE, ("twist_command", 0.02))
"""Ours: what an error of 5 mm or 5 mrad of the measured pose does to the corrected twist."""
_START = (
    LeggedTerm("start_joint_position", Uniform(-0.1, 0.1), "add", "BeyondMimic, arXiv 2508.08241: +-0.1 rad"),
    LeggedTerm("start_tilt", Uniform(-0.05, 0.05), "add", f"{_OURS}: half of BeyondMimic's, with a load on its back"),
    LeggedTerm("start_velocity", Uniform(-0.2, 0.2), "add", f"{_OURS}: less than {_GYM}'s 0.5, for the same reason"),
)
_TERMS = (*_START, *BODY, *MOTORS, *_PUSHES)
TRAINING_TABLE = RandomizationTable("twist training", _TERMS, _NOISE)
EVALUATION_TABLE = RandomizationTable("twist evaluation", _TERMS, _NOISE)
