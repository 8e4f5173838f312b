"""Hover at the origin with a multirotor: the first flight's task, judged in MuJoCo.

Start distribution, noise, disturbances and success box follow "Learning to Fly in Seconds"
(arXiv 2311.13081) and its public code; the randomization of the airframe is this project's
committed table (see ``EVALUATION_TABLE``), each term with its source.
"""

from __future__ import annotations

from sim.registry import load_robot
from sim.spec import ActionSpec, ObservationTerm, SuccessCriterion, TaskSpec, Timing

ROBOT = load_robot("crazyflie")
NOMINAL = ROBOT.parameters("l2f_paper")

ACTOR_TERMS = (
    ObservationTerm("position_error_w", 3, "m", "world", "state estimate minus set-point", 0.001),
    ObservationTerm("rotation", 9, "1", "world<-body, row-major", "state estimate", 0.001),
    ObservationTerm("velocity_w", 3, "m/s", "world", "state estimate", 0.002),
    ObservationTerm("angular_velocity_b", 3, "rad/s", "body", "gyroscope", 0.002),
    ObservationTerm("applied_action", 4, "fraction of max rotor speed", "motor order", "supervisor's output", 0.0),
)

CRITIC_TERMS = (
    ObservationTerm("position_error_w", 3, "m", "world", "simulator"),
    ObservationTerm("rotation", 9, "1", "world<-body, row-major", "simulator"),
    ObservationTerm("velocity_w", 3, "m/s", "world", "simulator"),
    ObservationTerm("angular_velocity_b", 3, "rad/s", "body", "simulator"),
    ObservationTerm("rotor_speed", 4, "fraction of max rotor speed", "motor order", "simulator"),
    ObservationTerm("force_disturbance_w", 3, "N", "world", "simulator"),
    ObservationTerm("torque_disturbance_b", 3, "N m", "body", "simulator"),
    ObservationTerm("mass", 1, "kg", "-", "simulator"),
    ObservationTerm("inertia", 3, "kg m^2", "body", "simulator"),
    ObservationTerm("centre_of_mass_b", 3, "m", "body", "simulator"),
    ObservationTerm("thrust_scale", 1, "1", "-", "simulator"),
    ObservationTerm("torque_per_thrust", 1, "m", "-", "simulator"),
    ObservationTerm("motor_time_constants", 2, "s", "rise, fall", "simulator"),
    ObservationTerm("motor_gain", 4, "1", "motor order", "simulator"),
    ObservationTerm("delays", 2, "s", "action, observation", "simulator"),
)

TASK = TaskSpec(
    name="hover",
    description="hold a position in the air from any start up to 90 degrees of tilt",
    robot="crazyflie",
    actor_terms=ACTOR_TERMS,
    critic_terms=CRITIC_TERMS,
    action=ActionSpec(
        level="motor",
        names=ROBOT.motor_names,
        unit=ROBOT.command_unit,
        low=(0.0,) * 4,
        high=(1.0,) * 4,
        nominal=(NOMINAL.hover_command,) * 4,
        slew_limit=(100.0,) * 4,
        safe_action="level_and_descend",
    ),
    timing=Timing(control_period_s=0.01, physics_step_s=0.005, latency_assumed_s=0.01, latency_budget_s=0.03),
    episode_s=5.0,
    success=SuccessCriterion(max_distance_m=2.0, steady_distance_m=0.2, steady_window_s=1.0, box_m=0.6),
)
