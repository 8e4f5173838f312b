"""Hover from a computer on the ground: attitude and thrust set-points by radio, 50 times a second.

The policy runs on the host. It sees the state estimate as the radio's log blocks bring it, late
and with gaps, and its commands arrive late and with gaps; on board the Crazyflie's stock attitude
controller (sim/flight/crazyflie_pid.py) flies them. Trained in the reduced plant of
sim/flight/attitude_kernel.py, judged in MuJoCo with the full body and the full controller.
Observation terms are those of ``hover``; the commands are described in docs/offboard.md.
"""

from __future__ import annotations

import numpy as np

from sim.distributions import Normal, Uniform
from sim.flight.attitude_loop import NAMES, UNIT, hover_action
from sim.flight.levels import exact_fractions
from sim.randomization import RandomizationTable, Term
from sim.registry import load_robot
from sim.spec import ActionSpec, ObservationTerm, TaskSpec, Timing
from sim.tasks import hover

ROBOT = load_robot("crazyflie")
NOMINAL = ROBOT.parameters("l2f_paper")

PERIOD_S = 0.02
MAX_TILT_RAD = 0.5
"""29 degrees; the stock client offers 30."""
MAX_YAW_RATE_RAD_S = 2.0
LEAST_THRUST, MOST_THRUST = 0.1, 0.9
"""Fractions of the largest thrust: zero would stop the motors (the firmware reads it as no set-point),
and near one nothing is left to turn with."""

ACTOR_TERMS = (
    ObservationTerm("position_error_w", 3, "m", "world", "state estimate minus set-point", 0.002),
    ObservationTerm("rotation", 9, "1", "world<-body, row-major", "state estimate", 0.002),
    ObservationTerm("velocity_w", 3, "m/s", "world", "state estimate", 0.01),
    ObservationTerm("angular_velocity_b", 3, "rad/s", "body", "gyroscope", 0.02),
    ObservationTerm("applied_action", 4, UNIT, ", ".join(NAMES), "supervisor's output", 0.0),
)
"""Noise is larger than on board: a log block is a single sample, with the estimator's wander in it."""

CRITIC_TERMS = (
    ObservationTerm("position_error_w", 3, "m", "world", "simulator"),
    ObservationTerm("rotation", 9, "1", "world<-body, row-major", "simulator"),
    ObservationTerm("velocity_w", 3, "m/s", "world", "simulator"),
    ObservationTerm("angular_velocity_b", 3, "rad/s", "body", "simulator"),
    ObservationTerm("rotor_speed", 4, "fraction of max rotor speed", "motor order", "simulator"),
    ObservationTerm("force_disturbance_w", 3, "N", "world", "simulator"),
    ObservationTerm("mass", 1, "kg", "-", "simulator"),
    ObservationTerm("inertia", 3, "kg m^2", "body", "simulator"),
    ObservationTerm("centre_of_mass_b", 3, "m", "body", "simulator"),
    ObservationTerm("thrust_scale", 1, "1", "-", "simulator"),
    ObservationTerm("motor_time_constants", 2, "s", "rise, fall", "simulator"),
    ObservationTerm("motor_gain", 4, "1", "motor order", "simulator"),
    ObservationTerm("loop_gains", 2, "1", "attitude, rate", "simulator"),
    ObservationTerm("delays", 2, "s", "action, observation", "simulator"),
)

TASK = TaskSpec(
    name="hover_attitude",
    description="hold a position in the air from the ground: attitude and thrust set-points over the radio",
    robot="crazyflie",
    actor_terms=ACTOR_TERMS,
    critic_terms=CRITIC_TERMS,
    action=ActionSpec(
        level="attitude_thrust",
        names=NAMES,
        unit=UNIT,
        low=(-MAX_TILT_RAD, -MAX_TILT_RAD, -MAX_YAW_RATE_RAD_S, LEAST_THRUST),
        high=(MAX_TILT_RAD, MAX_TILT_RAD, MAX_YAW_RATE_RAD_S, MOST_THRUST),
        nominal=hover_action(NOMINAL),
        # The whole range within one period, as in training: the loops on board are the smoother.
        slew_limit=(50.0, 50.0, 200.0, 40.0),
        safe_action="level_and_descend",
    ),
    timing=Timing(control_period_s=PERIOD_S, physics_step_s=0.002, latency_assumed_s=0.035, latency_budget_s=0.08),
    episode_s=5.0,
    success=hover.TASK.success,
)

_BATTERY = "assumed: 15 % either way as in hover, 10 % more down for a battery that sags"
_RADIO = "assumed: 10 ms of radio as asked of the virtual one, half to two and a half times"

_AIRFRAME = (
    Term("mass", Uniform(0.8, 1.2), "scale", "assumed: decks, guards and battery add or save up to 5 g of 27 g"),
    Term("thrust", Uniform(0.75, 1.15), "scale", _BATTERY),
    Term("motor_rise_s", Uniform(0.7, 1.3), "scale", "assumed: published time constants disagree by more (robot.py)"),
    Term("motor_fall_s", Uniform(0.7, 1.3), "scale", "as motor_rise_s; drawn apart, real motors brake more slowly"),
    Term("motor_gain", Uniform(0.95, 1.05), "scale", "assumed: spread of motors and propellers of one airframe"),
    Term("inertia", Uniform(0.8, 1.2), "scale", "assumed: as mass; on second moments, so that it stays realizable"),
    Term("torque_per_thrust", Uniform(0.8, 1.2), "scale", "assumed: the two published sets differ by 22 %"),
    Term("centre_of_mass_xy", Uniform(-0.0005, 0.0005), "add", "assumed: a 7 g battery of 27 g misplaced by 2 mm"),
    Term("attitude_gain", Uniform(0.85, 1.15), "scale", "assumed: the law on board is only known in structure"),
    Term("rate_gain", Uniform(0.85, 1.15), "scale", "assumed: as attitude_gain"),
)

_DELAYS = (
    Term("action_delay_s", Uniform(0.005, 0.025), "add", _RADIO),
    Term("observation_delay_s", Uniform(0.005, 0.035), "add", f"{_RADIO}; up to 10 ms more between two log blocks"),
)

_LOSS = (Term("packet_loss", Uniform(0.0, 0.1), "add", "assumed: up to twice the 5 % asked of the virtual radio"),)

_DISTURBANCES = (
    Term("force_per_weight", Normal(0.0, 1.0 / 20.0), "add", "N(0, mg/20) per axis: arXiv 2311.13081, public code"),
    Term("torque_per_weight", Normal(0.0, 1.0 / 20_000.0), "add", "half of hover's: the loops on board trim the rest"),
)

_NOISE_STD = tuple((term.name, term.noise_std) for term in ACTOR_TERMS if term.noise_std > 0.0)

EVALUATION_TABLE = RandomizationTable(
    "hover_attitude evaluation", _AIRFRAME + _DELAYS + _LOSS + _DISTURBANCES, _NOISE_STD
)
"""What every judged figure is measured with; its hash is printed beside them."""

TRAINING_TABLE = RandomizationTable("hover_attitude training", _AIRFRAME + _DELAYS + _DISTURBANCES, _NOISE_STD)
"""The same without lost packets, which the reduced plant does not have."""

COMMAND_CHANGE_COST = 3.0
"""Learners' weight on |change of command|^2 per step, fractions of the ranges: thirty times hover's. The
plant does not show what jumping commands do to rotors at their limits; smooth ones stay clear of them."""

START_TILT_RAD = np.pi / 4.0
"""Half of hover's: nobody throws a robot that is flown over the radio."""


def sample_start(rng: np.random.Generator, n: int) -> np.ndarray:
    """Draw start states as ``hover`` does, up to 45 degrees of tilt, rotors at hover speed.

    Returns:
        (n, 17) float32: position_w 3, quaternion wxyz 4, velocity_w 3, angular_velocity_b 3,
        rotor speed fraction 4.
    """
    state = hover.sample_start(rng, n, tilt_rad=START_TILT_RAD)
    state[:, 13:17] = NOMINAL.hover_command
    return state


def reward(state: np.ndarray, action: np.ndarray) -> np.ndarray:
    """``hover``'s reward, commands counted as fractions of their range.

    Args:
        state: (n, 17) true states after the step.
        action: (n, 4) commands sent.

    Returns:
        (n,) float64, at most 2 per control step.
    """
    trim = exact_fractions(TASK.action.nominal, TASK.action)
    return hover.l2f_reward(state, 2.0 * (exact_fractions(action, TASK.action) - trim))


terminated = hover.terminated
