"""Peg placement: stand a peg that lies in the hand as it happens to on its place on a plate.

Observations, action, reward and randomization are TacSL's (arXiv 2408.06506), but the place is known exactly: nothing
on a plate tells where its middle is, so that with an error of 5 mm either way no policy could end within 4.5 mm of it
in more than 64 % of the episodes (pi 4.5^2 / 10^2), and 98 % are published. How the peg lies in the hand is for touch
to tell. In the last third of a second the hand opens and rises; a peg that then stands where it should is a success.
"""

from __future__ import annotations

from sim.contact.spec import Judgement, contact_task
from sim.contact.tables import PHYSICS, PLACE, START, diameter_term, grasp_terms
from sim.contact.workpieces import PLACED_PEG
from sim.randomization import RandomizationTable

TASK = contact_task("peg_placement", "Stand a held peg on a plate, by touch", PLACED_PEG, Judgement(ending="release"))
_TERMS = (*START, *PLACE, *grasp_terms(), diameter_term(), *PHYSICS)
TRAINING_TABLE = RandomizationTable("peg_placement training", _TERMS)
EVALUATION_TABLE = RandomizationTable("peg_placement evaluation", _TERMS)
