"""Who can learn to move a body on legs; each has options of its own."""

from typing import Literal

LearnerName = Literal["ppo", "sac", "symphony", "dagger", "distill"]
