"""Hover from a computer on the ground: position and heading set-points by radio, 50 times a second."""

from __future__ import annotations

from sim.tasks import _offboard as offboard

REACH_M = 0.5
"""How far from the task's set-point the policy may send the robot, per axis."""
MAX_YAW_RAD = 0.5
"""How far from the set-point's heading it may turn it."""

ROBOT, NOMINAL = offboard.ROBOT, offboard.NOMINAL
TASK = offboard.hover_task(
    "hover_position",
    "hold a position in the air from the ground: position set-points over the radio",
    offboard.action_spec("position", low=(-REACH_M,) * 3 + (-MAX_YAW_RAD,), high=(REACH_M,) * 3 + (MAX_YAW_RAD,)),
)
EVALUATION_TABLE, TRAINING_TABLE = offboard.tables(TASK)

COMMAND_CHANGE_COST = 3.0
"""As in ``hover_attitude``."""

sample_start, terminated = offboard.sample_start, offboard.terminated
reward = offboard.reward_for(TASK.action)
