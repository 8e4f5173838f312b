"""How the Go1 follows a person: it trots, each pair of feet across from another going with one foot of the person's.

The trunk goes with the pelvis; hands and chest have nothing that could follow them.
"""

from sim.motion.generators.plan import HALF_STANCE
from sim.motion.mapping import Mapping, Target
from sim.motion.size import stature_for
from sim.robots.go1.links import HIP_M, HIP_OFFSET_M

_AHEAD_M, _ASIDE_M = HIP_M[0], HIP_M[1] + HIP_OFFSET_M
"""Feet from the trunk's middle under straight hips."""
_PERSON_M = HALF_STANCE * stature_for("go1")
"""Half the distance of the feet of a person of the Go1's size, as the generators have it."""


def _foot(frame: str, side: str, ahead: int, left: int) -> Target:
    person = _PERSON_M if side == "left" else -_PERSON_M
    return Target(
        f"geom:{frame}", f"{side}_sole", position_cost=30.0, offset_m=(ahead * _AHEAD_M, left * _ASIDE_M - person)
    )


MAPPING = Mapping(
    targets=(
        Target("trunk", "pelvis", position_cost=(0.0, 0.0, 5.0), orientation_cost=3.0),
        _foot("FR_foot", "left", 1, -1),
        _foot("FL_foot", "right", 1, 1),
        _foot("RR_foot", "right", -1, -1),
        _foot("RL_foot", "left", -1, 1),
    ),
)
