"""How the G1 follows a person: its head is part of the torso, its wrists turn the hands."""

from math import sqrt

from sim.motion.mapping import Mapping, Target, two_legs_two_arms

_QUARTER = sqrt(0.5)
"""The hands' x axes point along the fingers; a person's fingers point aside when the arms are out."""

MAPPING = Mapping(
    targets=(
        Target("pelvis", "pelvis", position_cost=(0.0, 0.0, 5.0), orientation_cost=2.0),
        Target("torso_link", "spine3", orientation_cost=2.0),
        Target("head", "head"),  # fixed to the torso, so it asks for nothing, but others follow it
        *two_legs_two_arms(
            "shoulder_roll_link", {"left": (_QUARTER, 0.0, 0.0, _QUARTER), "right": (_QUARTER, 0.0, 0.0, -_QUARTER)}
        ),
    ),
)
