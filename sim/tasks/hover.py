"""Hover at the origin with a multirotor: the first flight's task, judged in MuJoCo.

Start distribution, noise, disturbances, reward and success box follow "Learning to Fly in
Seconds" (L2F, arXiv 2311.13081) and its public code; the randomization of the airframe is this
project's committed table (see ``EVALUATION_TABLE``), each term with its source.
"""

from __future__ import annotations

import numpy as np

from sim.distributions import Normal, Uniform
from sim.estimators import MOTION_CAPTURE
from sim.randomization import RandomizationTable, Term
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

TRUE_STATE_TERMS = (
    ObservationTerm("position_error_w", 3, "m", "world", "simulator"),
    ObservationTerm("rotation", 9, "1", "world<-body, row-major", "simulator"),
    ObservationTerm("velocity_w", 3, "m/s", "world", "simulator"),
    ObservationTerm("angular_velocity_b", 3, "rad/s", "body", "simulator"),
    ObservationTerm("rotor_speed", 4, "fraction of max rotor speed", "motor order", "simulator"),
)
"""What every flying task's critic sees first."""

CRITIC_TERMS = (
    *TRUE_STATE_TERMS,
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

_L2F = "arXiv 2311.13081 and its public code"

_AIRFRAME = (
    Term("mass", Uniform(0.8, 1.2), "scale", "assumed: decks, guards and battery add or save up to 5 g of 27 g"),
    Term("thrust", Uniform(0.85, 1.15), "scale", "assumed: the two published sets differ by 26 %"),
    Term("motor_rise_s", Uniform(0.7, 1.3), "scale", "assumed: published time constants disagree by more (robot.py)"),
    Term("motor_fall_s", Uniform(0.7, 1.3), "scale", "as motor_rise_s; drawn apart, real motors brake more slowly"),
    Term("motor_gain", Uniform(0.95, 1.05), "scale", "assumed: spread of motors and propellers of one airframe"),
    Term("inertia", Uniform(0.8, 1.2), "scale", "assumed: as mass; on second moments, so that it stays realizable"),
    Term("torque_per_thrust", Uniform(0.8, 1.2), "scale", "assumed: the two published sets differ by 22 %"),
    Term("centre_of_mass_xy", Uniform(-0.001, 0.001), "add", "assumed: a 7 g battery of 27 g misplaced by 4 mm"),
    Term("centre_of_mass_z", Uniform(-0.005, 0.005), "add", "assumed: the same battery 2 cm below, a deck on top"),
)

_POWER = (
    Term("battery_voltage", Uniform(0.95, 1.0), "set", "one lithium cell between 4.0 and 4.2 V at rest"),
    Term("battery_sag", Uniform(0.03, 0.10), "set", "18 % at full command: measured, Bitcraze 'PWM to thrust';"
         " about half, as the largest rotor speed (robot.py) was itself measured under load"),
    Term("dead_zone", Uniform(0.0, 0.15), "set", "assumed: at 6 % of PWM rotors turn at 4485 of 21702 RPM (Bitcraze)"),
)  # fmt: skip

_AIR = (
    Term("rotor_drag", Uniform(0.004, 0.013), "set", "Foerster 2015, ETH: 0.0083 N s/m across, 0.0094 along; by half"),
    Term("rotor_radius_m", Uniform(0.0225, 0.045), "set", "45 mm propellers; up to twice: rotors side by side feel"
         " more ground than one (Sanchez-Cuevas et al. 2017)"),
    Term("floor_height_w", Uniform(-1.0, -0.1), "set", "assumed: felt in the few episodes close above it"),
)  # fmt: skip

_CLOCKS = (
    Term(
        "action_delay_s", Uniform(0.0, 0.015), "add", "assumed: radio or bus and motor driver; two periods with jitter"
    ),
    Term("action_jitter_s", Uniform(0.0, 0.005), "set", "assumed: half a period, a loop without real-time guarantees"),
    Term("observation_delay_s", Uniform(0.0, 0.003), "add", "assumed: the inertial unit's filters and bus"),
    Term("control_period", Uniform(0.97, 1.03), "scale", "assumed: a timer in ticks of 1 kHz, never quite 10 ms"),
    Term("control_period_jitter", Uniform(0.0, 0.1), "set", "assumed: 1 ms of 10"),
)

_DISTURBANCES = (
    Term("force_per_weight", Normal(0.0, 1.0 / 20.0), "add", f"N(0, mg/20) per axis: {_L2F}"),
    Term("torque_per_weight", Normal(0.0, 1.0 / 10_000.0), "add", f"N(0, mg/10000) per axis: {_L2F}"),
    Term("wind_w", Normal(0.0, 0.5), "set", "assumed: draughts of a hall"),
    Term("gust_speed", Uniform(0.0, 3.0), "set", "Dryden, MIL-F-8785C, up to a light breeze (Beaufort 2)"),
)

_NOISE_STD = tuple((term.name, term.noise_std) for term in ACTOR_TERMS if term.noise_std > 0.0)

_TERMS = _AIRFRAME + _POWER + _AIR + _CLOCKS + MOTION_CAPTURE.terms + _DISTURBANCES

EVALUATION_TABLE = RandomizationTable("hover evaluation", _TERMS, _NOISE_STD)
"""What every judged figure is measured with; its hash is printed beside them."""

TRAINING_TABLE = RandomizationTable("hover training", _TERMS, _NOISE_STD)
"""What policies train with: the same ranges."""

COMMAND_CHANGE_COST = 3.0
"""Learners' weight on |change of command|^2 per step, rotor speed fractions: thirty times what flying alone
would ask for. Motors neither hear nor tolerate chatter; it costs one or two millimetres of steady error."""

AT_TARGET_SHARE = 0.1
"""Share of episodes that start at the target, at rest and level (L2F, "guidance")."""
START_POSITION_M = 0.2
START_TILT_RAD = np.pi / 2.0
START_VELOCITY_M_S = 1.0
START_ANGULAR_VELOCITY_RAD_S = 1.0
START_ROTOR_SPEED = 0.5
"""Mid-range (L2F)."""


def sample_start(
    rng: np.random.Generator, n: int, *, any_heading: bool = True, tilt_rad: float = START_TILT_RAD
) -> np.ndarray:
    """Draw start states of the published distribution.

    One in ten is exactly at the target, at rest and level. The others: position +-0.2 m,
    velocity +-1 m/s and angular velocity +-1 rad/s per axis, attitude uniform on SO(3) up to
    90 degrees. Rotors are at mid-range. (L2F, arXiv 2311.13081.)

    Args:
        rng: source of all draws.
        n: number of states.
        any_heading: bound the tilt (angle between body z and world z) by 90 degrees and leave
            the heading free; ``False`` bounds the whole rotation angle, heading included, as
            the published code does: a subset of the same tilts.
        tilt_rad: the bound, if not 90 degrees.

    Returns:
        (n, 17) float32: position_w 3, quaternion wxyz 4, velocity_w 3, angular_velocity_b 3,
        rotor speed fraction 4.
    """
    state = np.zeros((n, 17))
    state[:, 0:3] = rng.uniform(-START_POSITION_M, START_POSITION_M, (n, 3))
    state[:, 3:7] = _sample_attitude(rng, n, any_heading, tilt_rad)
    state[:, 7:10] = rng.uniform(-START_VELOCITY_M_S, START_VELOCITY_M_S, (n, 3))
    state[:, 10:13] = rng.uniform(-START_ANGULAR_VELOCITY_RAD_S, START_ANGULAR_VELOCITY_RAD_S, (n, 3))
    at_target = rng.random(n) < AT_TARGET_SHARE
    state[at_target] = 0.0
    state[at_target, 3] = 1.0
    state[:, 13:17] = START_ROTOR_SPEED
    return state.astype(np.float32)


def _sample_attitude(rng: np.random.Generator, n: int, any_heading: bool, tilt_rad: float) -> np.ndarray:
    """Uniform unit quaternions, w >= 0 (normalised Gaussians), redrawn while outside the limit."""
    quaternion = np.zeros((n, 4))
    left = np.arange(n)
    while len(left):
        drawn = rng.standard_normal((len(left), 4))
        drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
        quaternion[left] = drawn
        w, x, y, _ = drawn.T
        cosine = 1.0 - 2.0 * (x * x + y * y) if any_heading else 2.0 * w * w - 1.0
        left = left[cosine <= np.cos(tilt_rad)]
    return np.copysign(1.0, quaternion[:, :1]) * quaternion


def reward(state: np.ndarray, action: np.ndarray) -> np.ndarray:
    """Published L2F reward at the end of its curriculum, one value per environment.

    2 - 0.5 (40 |p|^2 + 5 (1 - q_w^2) + |v|^2 + |a - a_hover|^2), with ``a = 2 u - 1``
    (public code of arXiv 2311.13081, ``reward_squared_position_only_torque_curriculum_target``).

    Args:
        state: (n, 17) true states after the step, in ``sample_start``'s order.
        action: (n, 4) commands applied, rotor speed fractions.

    Returns:
        (n,) float64, at most 2 per control step.
    """
    return l2f_reward(state, 2.0 * (action - np.asarray(TASK.action.nominal)))


def l2f_reward(state: np.ndarray, centred: np.ndarray) -> np.ndarray:
    """``reward`` given ``a - a_hover``, (n, 4), of commands on the scale -1 to 1."""
    position, velocity, quaternion_w = state[:, 0:3], state[:, 7:10], state[:, 3]
    cost = 40.0 * np.square(position).sum(1) + 5.0 * (1.0 - np.square(quaternion_w))
    cost += np.square(velocity).sum(1) + np.square(centred).sum(1)
    return 2.0 - 0.5 * cost


def terminated(state: np.ndarray) -> np.ndarray:
    """Whether an episode ends in failure: out of the published box, or no longer finite.

    Args:
        state: (n, 17) true states.

    Returns:
        (n,) bool.
    """
    inside = np.abs(state[:, 0:3]) <= TASK.success.box_m
    return np.logical_not(inside.all(axis=1) & np.isfinite(state).all(axis=1))
