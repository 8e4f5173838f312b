"""Hover from a computer on the ground: body rates and collective thrust by radio, 50 times a second."""

from __future__ import annotations

from sim.tasks import _offboard as offboard

MAX_RATE_RAD_S = 4.0
"""Of roll and pitch; the loop on board asks for 6 at most (``crazyflie_pid.MAX_RATE``)."""

LEAST_THRUST = 0.16
"""What the packet of rates can carry (``hardware/crazyflie/setpoints.py``)."""

ROBOT, NOMINAL = offboard.ROBOT, offboard.NOMINAL
TASK = offboard.hover_task(
    "hover_rates",
    "hold a position in the air from the ground: body rate and thrust set-points over the radio",
    offboard.action_spec(
        "rates_thrust",
        low=(-MAX_RATE_RAD_S, -MAX_RATE_RAD_S, -offboard.MAX_YAW_RATE_RAD_S, LEAST_THRUST),
        high=(MAX_RATE_RAD_S, MAX_RATE_RAD_S, offboard.MAX_YAW_RATE_RAD_S, offboard.MOST_THRUST),
    ),
)
EVALUATION_TABLE, TRAINING_TABLE = offboard.tables(TASK)

COMMAND_CHANGE_COST = 3.0
"""As in ``hover_attitude``."""

sample_start, terminated = offboard.sample_start, offboard.terminated
reward = offboard.reward_for(TASK.action)
