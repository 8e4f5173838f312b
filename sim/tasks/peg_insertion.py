"""Peg insertion: bring a held peg into a hole that is 0.5 mm wider, whose place is known to 5 mm.

Observations, action, reward and randomization are TacSL's (arXiv 2408.06506), whose pegs do not tilt in the hand in
this task; its holes are 9 mm deep.
"""

from __future__ import annotations

from sim.contact.spec import contact_task
from sim.contact.tables import PHYSICS, SOCKET, START, diameter_term, grasp_terms
from sim.contact.workpieces import INSERTED_PEG
from sim.randomization import RandomizationTable

TASK = contact_task("peg_insertion", "Bring a held peg into a tight hole, by touch", INSERTED_PEG)
_TERMS = (*START, *SOCKET, *grasp_terms(tilt_rad=0.0), diameter_term(), *PHYSICS)
TRAINING_TABLE = RandomizationTable("peg_insertion training", _TERMS)
EVALUATION_TABLE = RandomizationTable("peg_insertion evaluation", _TERMS)
