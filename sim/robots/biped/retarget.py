"""How the planar biped follows a person: pelvis and feet go along, in its plane."""

from sim.motion.generators.plan import HALF_STANCE
from sim.motion.mapping import Mapping, Target
from sim.motion.size import stature_for

_PERSON_M = HALF_STANCE * stature_for("biped")
"""Half the distance of the feet of a person of its size, as the generators have it."""

MAPPING = Mapping(
    targets=(
        Target("pelvis", "pelvis", position_cost=(0.0, 0.0, 5.0), orientation_cost=2.0),
        Target("left_foot", "left_sole", position_cost=30.0, orientation_cost=5.0, offset_m=(0.0, -_PERSON_M)),
        Target("right_foot", "right_sole", position_cost=30.0, orientation_cost=5.0, offset_m=(0.0, _PERSON_M)),
    ),
    center_cost=(10.0, 0.0),  # a person's weight sways aside from foot to foot, which would take it out of its plane
)
