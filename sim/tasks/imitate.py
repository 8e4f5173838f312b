"""Imitate a motion: follow every body of a clip, pushed now and then; which clip is said when training (``--clip``).

Rewards after PBHC (arXiv 2506.12851), ends after BeyondMimic (arXiv 2508.08241). The actor sees its own sensors,
a clock and the clip's joints, never where it is. Its targets are counted from the clip's joints: at zero it plays the
clip, which stiff gains nearly follow while the feet stand, so that only balance is left to learn.
"""

from __future__ import annotations

from sim.distributions import Uniform
from sim.legged.motion import MotionCommand
from sim.legged.randomizable import LeggedTerm
from sim.legged.spec import EndTerm, RewardTerm, legged_task
from sim.legged.tables import BODY, MOTORS, NOISE, push_terms
from sim.randomization import RandomizationTable

_PBHC, _BEYOND_MIMIC, _OURS = "PBHC", "BeyondMimic", "ours"

TASK = legged_task(
    name="imitate",
    description="Follow a motion",
    robot="g1",
    rewards=(
        RewardTerm("body_position", 1.0, _PBHC, tolerance=0.015),
        RewardTerm("end_position", 1.6, _PBHC, tolerance=0.015),
        RewardTerm("foot_position", 1.5, _PBHC, tolerance=0.01),
        RewardTerm("body_rotation", 0.5, _PBHC, tolerance=0.1),
        RewardTerm("body_velocity", 0.5, _PBHC, tolerance=1.0),
        RewardTerm("body_angular_velocity", 0.5, _PBHC, tolerance=15.0),
        RewardTerm("joint_position", 1.0, _PBHC, tolerance=0.3),
        RewardTerm("joint_velocity", 1.0, _PBHC, tolerance=30.0),
        RewardTerm("largest_joint_position", 1.0, _PBHC, tolerance=1.0),
        RewardTerm("same_contacts", 0.5, _PBHC),
        RewardTerm("action_change", -0.02, f"{_OURS}; {_PBHC}: -0.5, {_BEYOND_MIMIC}: -0.1, of other units"),
        RewardTerm("effort", -0.2, f"{_OURS}: of the size of {_PBHC}'s torques"),
        RewardTerm("joint_range", -10.0, f"{_PBHC}, {_BEYOND_MIMIC}", (("share", 0.95),)),
        RewardTerm("foot_slip", -1.0, _PBHC),
    ),
    ends=(
        EndTerm("off_height", _BEYOND_MIMIC, (("most_m", 0.25),)),
        EndTerm("off_tilt", _BEYOND_MIMIC, (("most", 0.8),)),
        EndTerm("off_place", f"{_OURS}; {_PBHC}: 1.5 m", (("most_m", 0.5),)),
    ),
    parameter_set="stand",
    asked=(MotionCommand(error_weight=5.0, source_note=f"joints: {_BEYOND_MIMIC}; phase: {_PBHC}"),),
)
_CHANGES = (*BODY, *MOTORS, *push_terms(0.0, 0.2, 5.0, 10.0, "PBHC: 0.1 m/s, every 5 to 10 s"))


def _start(joints_rad: float, tilt_rad: float, m_s: float, rad_s: float, note: str) -> tuple[LeggedTerm, ...]:
    """Return how far from the motion's own state episodes begin, evenly."""
    sizes = {
        "start_joint_position": joints_rad, "start_tilt": tilt_rad, "start_velocity": m_s,
        "start_angular_velocity": rad_s,
    }  # fmt: skip
    return tuple(LeggedTerm(name, Uniform(-most, most), "add", note) for name, most in sizes.items())


_TRAINING = f"{_OURS}; {_BEYOND_MIMIC}: +-0.1 rad, 0.1 rad, 0.5 m/s, 0.5 rad/s, beside feet that may step"
_AFTER_HOLDING = f"{_OURS}: a robot that has held the first pose; feet that begin elsewhere cannot know it"
TRAINING_TABLE = RandomizationTable("imitate training", (*_start(0.05, 0.05, 0.1, 0.1, _TRAINING), *_CHANGES), NOISE)
EVALUATION_TABLE = RandomizationTable(
    "imitate evaluation", (*_start(0.01, 0.02, 0.05, 0.05, _AFTER_HOLDING), *_CHANGES), NOISE
)
