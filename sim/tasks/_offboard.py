"""What the tasks flown from a computer on the ground have in common: sensors, delays, airframes, starts.

The policy runs on the host. It sees the state estimate as the radio's log blocks bring it, late
and with gaps, and its commands arrive late and with gaps; on board the Crazyflie's stock
controllers (sim/flight/crazyflie_pid.py) fly them. Trained in the reduced plant of
sim/flight/cascade_kernel.py, judged in MuJoCo with the full body and the full controllers.
Observation terms are those of ``hover``; the commands are described in docs/offboard.md.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sim.distributions import Normal, Uniform
from sim.flight.cascade import CHANNELS, hover_action
from sim.flight.levels import exact_fractions
from sim.randomization import RandomizationTable, Term
from sim.registry import load_robot
from sim.spec import ActionLevel, ActionSpec, ObservationTerm, TaskSpec, Timing
from sim.tasks import hover

ROBOT = load_robot("crazyflie")
NOMINAL = ROBOT.parameters("l2f_paper")

PERIOD_S = 0.02
MAX_YAW_RATE_RAD_S = 2.0
LEAST_THRUST, MOST_THRUST = 0.1, 0.9
"""Fractions of the largest thrust: zero would stop the motors (the firmware reads it as no set-point),
and near one nothing is left to turn with."""


def actor_terms(level: ActionLevel) -> tuple[ObservationTerm, ...]:
    """Return what a policy sees that commands ``level``.

    Noise is larger than on board: a log block is a single sample, with the estimator's wander in it.
    """
    names, unit = CHANNELS[level]
    return (
        ObservationTerm("position_error_w", 3, "m", "world", "state estimate minus set-point", 0.002),
        ObservationTerm("rotation", 9, "1", "world<-body, row-major", "state estimate", 0.002),
        ObservationTerm("velocity_w", 3, "m/s", "world", "state estimate", 0.01),
        ObservationTerm("angular_velocity_b", 3, "rad/s", "body", "gyroscope", 0.02),
        ObservationTerm("applied_action", len(names), unit, ", ".join(names), "supervisor's output", 0.0),
    )


CRITIC_TERMS = (
    *hover.TRUE_STATE_TERMS,
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


def action_spec(level: ActionLevel, low: tuple[float, ...], high: tuple[float, ...]) -> ActionSpec:
    """Return commands of a level within a range, slewed by no more than the range itself within one period.

    That is no limit, as in training: the loops on board are the smoother.
    """
    names, unit = CHANNELS[level]
    return ActionSpec(
        level=level,
        names=names,
        unit=unit,
        low=low,
        high=high,
        nominal=hover_action(level, NOMINAL),
        slew_limit=tuple((b - a) / PERIOD_S for a, b in zip(low, high, strict=True)),
        safe_action="level_and_descend",
    )


def hover_task(name: str, description: str, action: ActionSpec) -> TaskSpec:
    """Return the task of holding a position from the ground with the commands ``action``."""
    return TaskSpec(
        name=name,
        description=description,
        robot=ROBOT.name,
        actor_terms=actor_terms(action.level),
        critic_terms=CRITIC_TERMS,
        action=action,
        timing=Timing(control_period_s=PERIOD_S, physics_step_s=0.002, latency_assumed_s=0.035, latency_budget_s=0.08),
        episode_s=5.0,
        success=hover.TASK.success,
    )


_BATTERY = "assumed: 15 % either way as in hover, 10 % more down for a battery that sags"
_RADIO = "assumed: 10 ms of radio as asked of the virtual one, half to two and a half times"

AIRFRAME = (
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

DELAYS = (
    Term("action_delay_s", Uniform(0.005, 0.025), "add", _RADIO),
    Term("observation_delay_s", Uniform(0.005, 0.035), "add", f"{_RADIO}; up to 10 ms more between two log blocks"),
)

LOSS = (Term("packet_loss", Uniform(0.0, 0.1), "add", "assumed: up to twice the 5 % asked of the virtual radio"),)

DISTURBANCES = (
    Term("force_per_weight", Normal(0.0, 1.0 / 20.0), "add", "N(0, mg/20) per axis: arXiv 2311.13081, public code"),
    Term("torque_per_weight", Normal(0.0, 1.0 / 20_000.0), "add", "half of hover's: the loops on board trim the rest"),
)


def tables(task: TaskSpec) -> tuple[RandomizationTable, RandomizationTable]:
    """Return what a task is judged with, and what it trains with: the same less lost packets."""
    noise = tuple((term.name, term.noise_std) for term in task.actor_terms if term.noise_std > 0.0)
    judged = RandomizationTable(f"{task.name} evaluation", AIRFRAME + DELAYS + LOSS + DISTURBANCES, noise)
    return judged, RandomizationTable(f"{task.name} training", AIRFRAME + DELAYS + DISTURBANCES, noise)


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


def reward_for(action: ActionSpec) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Return ``hover``'s reward, commands counted as fractions of their range."""
    trim = exact_fractions(action.nominal, action)

    def reward(state: np.ndarray, command: np.ndarray) -> np.ndarray:
        """Reward true states (n, 17) after the step and commands sent (n, 4): (n,) float64, at most 2 per step."""
        return hover.l2f_reward(state, 2.0 * (exact_fractions(command, action) - trim))

    return reward


terminated = hover.terminated
