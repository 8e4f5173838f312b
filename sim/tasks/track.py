"""Follow a reference with preview: the motors are commanded, airframes and sensors are those of ``hover``.

Episodes of training and evaluation follow random references (``sample_references``): figure-eights,
circles, Lissajous curves, Langevin noise, steps and rest, at many speeds. A policy observes what
``hover`` observes, the position relative to the reference, and where the reference goes: its
velocity and its position up to 0.8 s ahead. A trajectory of one's own is judged by
``sim2metal eval BUNDLE --trajectory`` and flown by ``sim2metal run BUNDLE --trajectory``.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from sim.randomization import RandomizationTable
from sim.spec import SuccessCriterion, reference_terms
from sim.tasks import hover
from sim.trajectories import Trajectory
from sim.trajectories.harmonic import Harmonic
from sim.trajectories.langevin import langevin_batch
from sim.trajectories.steps import Steps

ROBOT, NOMINAL = hover.ROBOT, hover.NOMINAL

PREVIEW_S = (0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8)
"""Looks ahead: dense where the attitude must follow (rotor lag 0.15 s), and as far as a turn takes to prepare."""

TASK = dataclasses.replace(
    hover.TASK,
    name="track",
    description="follow a trajectory whose next 0.8 s are known",
    actor_terms=hover.ACTOR_TERMS + reference_terms(PREVIEW_S),
    success=SuccessCriterion(max_distance_m=2.0, steady_distance_m=0.3, steady_window_s=1.0, box_m=0.6),
)
"""Distances are those to the reference."""


def _in_time(table: RandomizationTable, name: str) -> RandomizationTable:
    """Return the table less the error of the clock's rate: who follows a trajectory reads the time."""
    terms = tuple(term for term in table.terms if term.parameter != "control_period")
    return dataclasses.replace(table, name=name, terms=terms)


TRAINING_TABLE = _in_time(hover.TRAINING_TABLE, "track training")
EVALUATION_TABLE = _in_time(hover.EVALUATION_TABLE, "track evaluation")

MOST_ACCELERATION_M_S2 = 7.5
"""Curves are slowed until they ask for no more: 0.76 g sideways takes a thrust of 1.26 times the weight."""
LONGEST_S = 20.0
"""Langevin references come to rest after it."""

_SHARES = {"figure8": 0.3, "circle": 0.1, "lissajous": 0.2, "langevin": 0.25, "steps": 0.05, "rest": 0.1}

TRAINING_SETTINGS = {
    "hidden": (96, 96),
    "observer_s": 0.15,
    "integral_leak_s": 60.0,
    "evaluate_from": 0.95,
    "learner.iterations": 20000,
    "learner.episode_windows": 32,
    "learner.gradient_limit": 1000.0,
    "learner.cost.position": 10.0,
    "learner.cost.distance": 2.0,
    "learner.cost.distance_radius_m": 0.003,
    "learner.cost.tilt": 0.02,
    "learner.cost.rate": 0.0005,
    "learner.cost.effort": 0.005,
    "learner.cost.approach_rate": 6.0,
    "learner.cost.approach_speed": 3.0,
    "start.wide_share": 0.05,
    "start.nominal_share": 0.5,
}
"""Settings of ``sim2metal train`` that differ from hover's, where the user leaves them at their defaults: a cost that
cares for millimetres, and little for what turning and pushing a curve takes; an observer and an integral that hardly
forgets, in episodes long enough to fill it, so that no millimetre stays; gradients of tumbling drones shortened, which
otherwise drown those of a millimetre (and, in 10 s episodes, one seed in three)."""

COMMAND_CHANGE_COST = 4.0
"""More than hover's: smooth commands also track better, because less of the sensors' noise reaches the rotors."""

THROWN_SHARE = 0.3
"""Share of episodes that start as those of ``hover`` do, at any attitude up to 90 degrees of tilt."""


def sample_start(rng: np.random.Generator, n: int) -> np.ndarray:
    """Draw start states relative to the reference: some thrown as in ``hover``, the others near it and nearly level.

    Returns:
        (n, 17) float32 in ``hover.sample_start``'s order.
    """
    return mostly_near(rng, hover.sample_start(rng, n))


def mostly_near(rng: np.random.Generator, thrown: np.ndarray) -> np.ndarray:
    """Keep ``THROWN_SHARE`` of the start states (n, 17); the others begin near the reference and nearly level."""
    near = hover.sample_start(rng, len(thrown), tilt_rad=0.3)
    near[:, 0:3] *= 0.25
    near[:, 7:13] *= 0.25
    near[:, 13:] = NOMINAL.hover_command
    return np.where(rng.random((len(thrown), 1)) < THROWN_SHARE, thrown, near)


def sample_references(rng: np.random.Generator, n: int) -> list[Trajectory]:
    """Draw ``n`` references, each beginning at the origin at rest."""
    kinds = rng.choice(list(_SHARES), size=n, p=list(_SHARES.values()))
    curves: list[Trajectory] = [
        _harmonic(kind, rng) if kind in ("figure8", "circle", "lissajous") else _jumpy(kind, rng) for kind in kinds
    ]
    noisy = np.flatnonzero(kinds == "langevin")
    for i, curve in zip(noisy, _langevin(rng, len(noisy))):
        curves[i] = curve
    return curves


def _jumpy(kind: str, rng: np.random.Generator) -> Steps:
    """A square wave, or rest: one of no size."""
    size = rng.uniform(0.1, 0.6) if kind == "steps" else 0.0
    return Steps(size, rng.uniform(1.0, 4.0), str(rng.choice(["x", "y", "z"])))


def _harmonic(kind: str, rng: np.random.Generator) -> Harmonic:
    """A closed curve of random size, speed and tilt."""
    size, height = rng.uniform(0.3, 1.1), rng.uniform(0.0, 0.3) * (rng.random() < 0.5)
    sign = rng.choice([-1.0, 1.0], size=2)
    if kind == "figure8":
        amplitude, frequency, offset = (sign[0] * size, 0.5 * sign[1] * size, height), (1, 2, 1), (0.0, 0.0, 0.0)
    elif kind == "circle":
        amplitude, frequency, offset = (size, sign[0] * size, height), (1, 1, 1), (0.5 * math.pi, 0.0, 0.0)
    else:
        amplitude = (size, size * rng.uniform(0.2, 1.0), height)
        nx, ny, nz = (int(n) for n in rng.integers(1, 4, size=3))
        a, b, c = rng.uniform(-math.pi, math.pi, 3)
        frequency, offset = (nx, ny, nz), (a, b, c)
    period = math.exp(rng.uniform(math.log(2.5), math.log(16.0)))
    return _slowed(Harmonic(kind, amplitude, frequency, offset, period, rng.uniform(1.0, 3.0)))


def _slowed(curve: Harmonic) -> Harmonic:
    """Return the curve, slow enough for ``MOST_ACCELERATION_M_S2``."""
    time = curve.ramp_s + np.linspace(0.0, curve.period_s, 100)
    most = np.linalg.norm(curve.sample(time).acceleration_w, axis=1).max()
    return dataclasses.replace(curve, period_s=curve.period_s * max(1.0, math.sqrt(most / MOST_ACCELERATION_M_S2)))


def _langevin(rng: np.random.Generator, n: int) -> list[Trajectory]:
    """Random references that spread by up to 0.6 m and 1.2 m/s per axis, their noise by up to 2 m/s^2."""
    omega, spread = rng.uniform(0.8, 3.0, n), rng.uniform(0.1, 0.6, n)
    spread = np.minimum(spread, 1.2 / omega)
    gamma = omega * rng.uniform(0.3, 1.5, n)
    smooth = rng.uniform(0.1, 0.3, n)
    sigma = np.minimum(spread * omega * np.sqrt(2.0 * gamma), 2.0 * np.sqrt(2.0 * smooth))
    return list(langevin_batch(rng, LONGEST_S, gamma, omega, sigma, smooth))


reward = hover.reward
terminated = hover.terminated
