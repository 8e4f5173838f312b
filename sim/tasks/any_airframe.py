"""One policy for all quadrotors of X shape: follow a reference with an airframe that is drawn anew every flight.

Ranges and the way of sampling follow RAPTOR (arXiv 2509.11481 and its public code): 20 g to 5 kg, even in
size; thrust for 1.5 to 5 times the weight; torque over inertia 40 to 1200 rad/s^2; rotors that rise with 0.03
to 0.10 s and fall with 0.03 to 0.30 s; reaction torque 5 to 50 mm times thrust. The policy is told nothing of
it: what it needs to know it finds out in flight. The critic sees everything.

Start states are those of ``hover``, no steeper than each airframe can right (``sim/agility.py``).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sim.agility import fit_start
from sim.distributions import LogUniform, Normal, Uniform
from sim.estimators import MOTION_CAPTURE
from sim.flight.parameters import FlightParameters
from sim.randomization import RandomizationTable, Term
from sim.registry import load_robot
from sim.spec import ANY_AIRFRAME, GRAVITY, ObservationTerm, reference_terms
from sim.tasks import hover
from sim.trajectories import Trajectory
from sim.trajectories.harmonic import Harmonic
from sim.trajectories.langevin import langevin_batch
from sim.trajectories.steps import Steps

NETWORK = "gru_memory"
"""The kind of policy this task needs: one that remembers which airframe it flies."""
TRAINING_SETTINGS = {
    "hidden": (32, 32),
    "learner.iterations": 4000,
    "learner.num_envs": 256,
    "learner.rate": 6e-3,
    "learner.episode_windows": 12,
    "start.wide_share": 0.1,
    "start.jump_share": 0.03,
    "start.pool": 32768,
}
"""Settings of ``sim2metal train`` that differ from hover's, where the user leaves them at their defaults."""

_SMALL = load_robot("crazyflie").parameters("l2f_v2")
_THRUST_TO_WEIGHT, _TORQUE_TO_INERTIA = 2.75, 620.0
"""Middles of the ranges."""
_FULL = _THRUST_TO_WEIGHT * _SMALL.mass * GRAVITY / 4.0
_ARM = float(np.hypot(*_SMALL.rotor_position_b[0][:2]))
_INERTIA = _ARM * _FULL / _TORQUE_TO_INERTIA

NOMINAL = replace(
    _SMALL,
    name=ANY_AIRFRAME,
    inertia=(_INERTIA, _INERTIA, 1.8 * _INERTIA),
    thrust_curve=(0.0, 0.0, _FULL),
    torque_per_thrust=0.0275,
    motor_rise_s=0.065,
    motor_fall_s=0.165,
    source="geometry and mass of l2f_v2, everything else the middle of the ranges of arXiv 2509.11481",
)
"""The airframe that all others are scaled from, and at whose hover command the policy begins."""

ROBOT = replace(load_robot("crazyflie"), parameter_sets={NOMINAL.name: NOMINAL}, default_parameter_set=NOMINAL.name)

PREVIEW_S = (0.1, 0.3)
"""How far ahead the policy sees its reference: about the time that an agile and a sluggish airframe need to tilt."""

ACTOR_TERMS = hover.ACTOR_TERMS + reference_terms(PREVIEW_S)

CRITIC_TERMS = (
    *hover.TRUE_STATE_TERMS,
    ObservationTerm("disturbance_acceleration_w", 3, "m/s^2", "world", "simulator"),
    ObservationTerm("disturbance_angular_acceleration_b", 3, "rad/s^2", "body", "simulator"),
    ObservationTerm("thrust_to_weight", 1, "1", "-", "simulator"),
    ObservationTerm("log_torque_to_inertia", 1, "log rad/s^2", "-", "simulator"),
    ObservationTerm("log_yaw_torque_to_inertia", 1, "log rad/s^2", "-", "simulator"),
    ObservationTerm("thrust_linear_share", 1, "1", "-", "simulator"),
    ObservationTerm("motor_time_constants", 2, "s", "rise, fall", "simulator"),
    ObservationTerm("centre_of_mass_per_arm", 3, "1", "body", "simulator"),
    ObservationTerm("motor_gain", 4, "1", "motor order", "simulator"),
    ObservationTerm("delays", 2, "s", "action, observation", "simulator"),
)

TASK = replace(
    hover.TASK,
    name="any_airframe",
    description="follow a reference with any quadrotor from 20 g to 5 kg, told nothing about it",
    actor_terms=ACTOR_TERMS,
    critic_terms=CRITIC_TERMS,
    action=replace(hover.TASK.action, nominal=(NOMINAL.hover_command,) * 4),
)

_RAPTOR = "arXiv 2509.11481 and its public code"
_M0 = NOMINAL.mass

_AIRFRAME = (
    Term(
        "size",
        Uniform((0.02 / _M0) ** (1 / 3), (5.0 / _M0) ** (1 / 3)),
        "scale",
        f"20 g to 5 kg, even in size: {_RAPTOR}",
    ),
    Term("thrust", Uniform(1.5 / _THRUST_TO_WEIGHT, 5.0 / _THRUST_TO_WEIGHT), "scale", f"1.5 to 5 weights: {_RAPTOR}"),
    Term("torque_to_inertia", Uniform(40.0, 1200.0), "set", _RAPTOR),
    Term("torque_per_thrust", Uniform(0.005, 0.05), "set", _RAPTOR),
    Term("motor_rise_s", Uniform(0.03, 0.10), "set", _RAPTOR),
    Term("motor_fall_s", Uniform(0.03, 0.30), "set", _RAPTOR),
    Term("thrust_linear_share", Uniform(0.0, 0.5), "set", "assumed: the curves in sim/robots lie between 0 and 0.2"),
    Term("arm_scale", LogUniform(0.8, 1.25), "scale", "assumed: arms for the mass vary by as much among real ones"),
    Term(
        "inertia",
        Uniform(0.8, 1.2),
        "scale",
        "assumed: shape of the body; on second moments, x set by torque_to_inertia",
    ),
    Term("motor_gain", Uniform(0.95, 1.05), "scale", "assumed: as in hover, spread of motors and propellers"),
    Term(
        "centre_of_mass_xy",
        Uniform(-0.03 * _ARM, 0.03 * _ARM),
        "add",
        "assumed: 3 % of the arm per axis, battery misplaced",
    ),
    Term("rotor_drag", Uniform(0.0, 0.5 * _M0), "set", "assumed: up to 0.5 /s times mass; 0.2 to 0.7 in sim/robots"),
)

_AIR = (
    Term("rotor_radius_m", Uniform(0.0225, 0.045), "set", "as in hover, scaled with the airframe"),
    Term("floor_height_w", Uniform(-3.0, -0.3), "set", "assumed: felt by large airframes most of the time"),
    Term("dead_zone", Uniform(0.0, 0.15), "set", "as in hover"),
)
"""The battery is not drawn: what it costs is in the range of thrust, which counts what is really reached."""


def _as_in_hover(*names: str) -> tuple[Term, ...]:
    return tuple(term for term in hover.EVALUATION_TABLE.terms if term.parameter in names)


_CLOCKS = _as_in_hover(
    "action_delay_s", "action_jitter_s", "observation_delay_s", "control_period", "control_period_jitter"
)

_DISTURBANCES = (
    Term("force_per_weight", Normal(0.0, 1.0 / 20.0), "add", "N(0, mg/20) per axis, as in hover, of the drawn weight"),
    Term(
        "torque_per_weight", Normal(0.0, _ARM / 400.0), "add",
        "N(0, mg arm/400) per axis: hover's mg/10000 on the Crazyflie's arm of 40 mm, scaled with the airframe",
    ),
    *_as_in_hover("wind_w", "gust_speed"),
)  # fmt: skip

_NOISE_STD = tuple((term.name, term.noise_std) for term in ACTOR_TERMS if term.noise_std > 0.0)

_TERMS = _AIRFRAME + _AIR + _CLOCKS + MOTION_CAPTURE.terms + _DISTURBANCES

EVALUATION_TABLE = RandomizationTable("any airframe evaluation", _TERMS, _NOISE_STD)
TRAINING_TABLE = RandomizationTable("any airframe training", _TERMS, _NOISE_STD)
"""What policies train with: the same ranges."""

COMMAND_CHANGE_COST = hover.COMMAND_CHANGE_COST
"""Without it agile airframes are flown with full swings of their motors from step to step."""

MOST_ACCELERATION_M_S2 = 4.0
"""References ask for no more sideways: a thrust of 1.08 times the weight, and tilts of 22 degrees."""
LONGEST_S = 20.0
"""Langevin references come to rest after it."""
_SHARES = {"rest": 0.35, "lissajous": 0.35, "langevin": 0.3}

TABLES_WITH_ROBOT = hover
"""With one robot (``eval --robot x500``) it is judged on that robot's spread, as ``hover`` has it."""

sample_start = hover.sample_start
reward = hover.reward
terminated = hover.terminated


def fit_starts(state: np.ndarray, flight: FlightParameters) -> None:
    """Make drawn start states ones that each airframe can right, in place (``agility.fit_start``)."""
    fit_start(state, flight)


def sample_references(rng: np.random.Generator, n: int) -> list[Trajectory]:
    """Draw ``n`` references, each beginning at the origin at rest: a third of them stays there."""
    kinds = rng.choice(list(_SHARES), size=n, p=list(_SHARES.values()))
    curves: list[Trajectory] = [Steps(size=0.0) if kind == "rest" else _lissajous(rng) for kind in kinds]
    noisy = np.flatnonzero(kinds == "langevin")
    for i, curve in zip(noisy, _langevin(rng, len(noisy))):
        curves[i] = curve
    return curves


def _lissajous(rng: np.random.Generator) -> Harmonic:
    """A closed curve of up to a metre: circles and figure-eights among them."""
    amplitude = rng.uniform(0.2, 1.1, 3) * rng.choice([-1.0, 1.0], 3) * (1.0, 1.0, 0.3)
    x, y, z = (int(f) for f in rng.integers(1, 3, size=3))
    period = float(np.exp(rng.uniform(np.log(4.0), np.log(16.0))))
    curve = Harmonic(
        "lissajous", tuple(amplitude), (x, y, z), tuple(rng.uniform(-np.pi, np.pi, 3)), period, rng.uniform(1.0, 3.0)
    )
    time = curve.ramp_s + np.linspace(0.0, curve.period_s, 100)
    most = np.linalg.norm(curve.sample(time).acceleration_w, axis=1).max()
    return replace(curve, period_s=period * max(1.0, float(np.sqrt(most / MOST_ACCELERATION_M_S2))))


def _langevin(rng: np.random.Generator, n: int) -> list[Trajectory]:
    """Random references that spread by up to 0.5 m and 0.8 m/s per axis."""
    omega = rng.uniform(0.6, 2.0, n)
    spread = np.minimum(rng.uniform(0.1, 0.5, n), 0.8 / omega)
    gamma, smooth = omega * rng.uniform(0.3, 1.5, n), rng.uniform(0.1, 0.3, n)
    sigma = np.minimum(spread * omega * np.sqrt(2.0 * gamma), 1.2 * np.sqrt(2.0 * smooth))
    return list(langevin_batch(rng, LONGEST_S, gamma, omega, sigma, smooth))
