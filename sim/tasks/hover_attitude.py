"""Hover from a computer on the ground: attitude and thrust set-points by radio, 50 times a second."""

from __future__ import annotations

from sim.tasks import _offboard as offboard

MAX_TILT_RAD = 0.5
"""29 degrees; the stock client offers 30."""

ROBOT, NOMINAL = offboard.ROBOT, offboard.NOMINAL
TASK = offboard.hover_task(
    "hover_attitude",
    "hold a position in the air from the ground: attitude and thrust set-points over the radio",
    offboard.action_spec(
        "attitude_thrust",
        low=(-MAX_TILT_RAD, -MAX_TILT_RAD, -offboard.MAX_YAW_RATE_RAD_S, offboard.LEAST_THRUST),
        high=(MAX_TILT_RAD, MAX_TILT_RAD, offboard.MAX_YAW_RATE_RAD_S, offboard.MOST_THRUST),
    ),
)
EVALUATION_TABLE, TRAINING_TABLE = offboard.tables(TASK)

COMMAND_CHANGE_COST = 3.0
"""Learners' weight on |change of command|^2 per step, fractions of the ranges: thirty times hover's. The
plant does not show what jumping commands do to rotors at their limits; smooth ones stay clear of them."""

sample_start, terminated = offboard.sample_start, offboard.terminated
reward = offboard.reward_for(TASK.action)
