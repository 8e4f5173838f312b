"""Peg placement: stand a peg that lies in the hand as it happens to on a plate whose place is known to 5 mm.

Observations, action, reward and randomization are TacSL's (arXiv 2408.06506). In the last third of a second the hand
opens and rises; a peg that then stands where it should is a success.
"""

from __future__ import annotations

from sim.contact.spec import Judgement, contact_task
from sim.contact.tables import PHYSICS, SOCKET, START, diameter_term, grasp_terms
from sim.contact.workpieces import PLACED_PEG
from sim.randomization import RandomizationTable

TASK = contact_task("peg_placement", "Stand a held peg on a plate, by touch", PLACED_PEG, Judgement(ending="release"))
_TERMS = (*START, *SOCKET, *grasp_terms(), diameter_term(), *PHYSICS)
TRAINING_TABLE = RandomizationTable("peg_placement training", _TERMS)
EVALUATION_TABLE = RandomizationTable("peg_placement evaluation", _TERMS)
