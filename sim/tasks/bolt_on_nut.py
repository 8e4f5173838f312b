"""Bolt on nut: set a held bolt upright on the thread of a nut whose place is known to 5 mm.

The third task of TacSL (arXiv 2408.06506), for which no results are published; observations, action, reward and
randomization are those of its other two. Bolt and nut are MuJoCo's.
"""

from __future__ import annotations

from sim.contact.spec import contact_task
from sim.contact.tables import PHYSICS, SOCKET, START, grasp_terms, set_term
from sim.contact.workpieces import BOLT
from sim.distributions import Uniform
from sim.randomization import RandomizationTable

TASK = contact_task("bolt_on_nut", "Set a held bolt on the thread of a nut, by touch", BOLT)
_TERMS = (
    *START,
    *SOCKET,
    *grasp_terms(offset_m=3e-3, tilt_rad=0.3),
    set_term("diameter", Uniform(8e-3, 12e-3), "of the grip; chosen here"),
    set_term("mass", Uniform(0.04, 0.08), "steel, M16 x 30 with a grip"),
    *PHYSICS,
)
TRAINING_TABLE = RandomizationTable("bolt_on_nut training", _TERMS)
EVALUATION_TABLE = RandomizationTable("bolt_on_nut evaluation", _TERMS)
