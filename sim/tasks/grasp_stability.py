"""Grasp stability: carry a bar of unknown weight and centre to a mark, upright, and do not let it slip or turn.

A slip of 10 mm or a turn of 0.35 rad in the grasp ends the episode in failure. What is pulled how strongly only touch
can tell. Observations, action and reward are those of the other tasks; masses are the weights for which shear is
calibrated, 50 to 500 g.
"""

from __future__ import annotations

from sim.contact.spec import Judgement, contact_task
from sim.contact.tables import PHYSICS, SOCKET, START, grasp_terms, set_term
from sim.contact.workpieces import BAR
from sim.distributions import Uniform
from sim.randomization import RandomizationTable

TASK = contact_task(
    "grasp_stability", "Carry a bar of unknown weight to a mark without letting it slip", BAR,
    Judgement(dropped_m=0.01, dropped_rad=0.35),
)  # fmt: skip
_TERMS = (
    *START,
    *SOCKET,
    *grasp_terms(tilt_rad=0.2),
    set_term("diameter", Uniform(10e-3, 16e-3), "chosen here"),
    set_term("mass", Uniform(0.05, 0.5), "chosen here: 50 to 500 g"),
    set_term("centre_of_mass", Uniform(-0.02, 0.02), "chosen here: off the middle of the bar"),
    set_term("grasp_force", Uniform(8.0, 12.0), "chosen here: a firm grasp that 500 g can still turn"),
    *PHYSICS,
)
TRAINING_TABLE = RandomizationTable("grasp_stability training", _TERMS)
EVALUATION_TABLE = RandomizationTable("grasp_stability evaluation", _TERMS)
