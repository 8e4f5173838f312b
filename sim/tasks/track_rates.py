"""Follow a reference with preview from a computer on the ground: body rates and thrust by radio, 50 times a second.

References are those of ``track``; airframes, delays, losses and sensors those of ``hover_rates``.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from sim.spec import reference_terms
from sim.tasks import _offboard as offboard
from sim.tasks import hover_rates, track

ROBOT, NOMINAL = offboard.ROBOT, offboard.NOMINAL
TASK = dataclasses.replace(
    hover_rates.TASK,
    name="track_rates",
    description="follow a trajectory from the ground: body rate and thrust set-points over the radio",
    actor_terms=hover_rates.TASK.actor_terms + reference_terms(track.PREVIEW_S),
    success=track.TASK.success,
)
EVALUATION_TABLE, TRAINING_TABLE = offboard.tables(TASK)

COMMAND_CHANGE_COST = 1.0
"""A third of ``hover_rates``: who follows a curve has to change its commands."""
TRAINING_SETTINGS = {"learner.iterations": 4000, "learner.episode_windows": 10, "start.wide_share": 0.05}
"""An episode of 10 windows lasts as long as ``track``'s, at half the rate; the cost is hover's: through a radio a
policy cannot care for millimetres without losing flights."""

sample_references = track.sample_references


def sample_start(rng: np.random.Generator, n: int) -> np.ndarray:
    """Draw start states relative to the reference, as ``hover_rates`` does; two thirds near it and nearly level.

    Returns:
        (n, 17) float32 in ``hover.sample_start``'s order.
    """
    return track.mostly_near(rng, offboard.sample_start(rng, n))


reward, terminated = hover_rates.reward, offboard.terminated
