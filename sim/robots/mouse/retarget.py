"""How the mouse follows a person: legs, arms, chest and head go along, the tail keeps the default pose."""

from sim.motion.mapping import Mapping, Target, two_legs_two_arms

MAPPING = Mapping(
    targets=(
        Target("pelvis", "pelvis", position_cost=(0.0, 0.0, 5.0), orientation_cost=2.0),
        Target("torso_link", "spine3", orientation_cost=2.0),
        Target("head", "head", orientation_cost=1.0),
        *two_legs_two_arms("shoulder_roll_link"),
    ),
)
