"""Hover from a computer on the ground: velocity and yaw rate set-points by radio, 50 times a second."""

from __future__ import annotations

from sim.tasks import _offboard as offboard

MAX_SPEED_M_S = 1.0
"""Per axis, as the position loop on board asks for (``crazyflie_pid.MAX_SPEED``)."""

ROBOT, NOMINAL = offboard.ROBOT, offboard.NOMINAL
TASK = offboard.hover_task(
    "hover_velocity",
    "hold a position in the air from the ground: velocity set-points over the radio",
    offboard.action_spec(
        "velocity",
        low=(-MAX_SPEED_M_S,) * 3 + (-offboard.MAX_YAW_RATE_RAD_S,),
        high=(MAX_SPEED_M_S,) * 3 + (offboard.MAX_YAW_RATE_RAD_S,),
    ),
)
EVALUATION_TABLE, TRAINING_TABLE = offboard.tables(TASK)

COMMAND_CHANGE_COST = 3.0
"""As in ``hover_attitude``."""

sample_start, terminated = offboard.sample_start, offboard.terminated
reward = offboard.reward_for(TASK.action)
