"""Learning while flying: the learner on a problem whose optimum is known, and the zoo's hover policy on hidden robots.

The policy is told nothing of what is ahead, so that along a figure-eight it trails its set-point; at rest its integral
leaves little. Robots fly in the kernel with the sensors' noise of training; each has a correction of its own, or none.
One more flies in MuJoCo behind the real protocol, its policy on board, as ``sim2metal run --adapt`` does it.
"""

from __future__ import annotations

import dataclasses
import tempfile
import threading
from pathlib import Path
from typing import Any

import numpy as np

from tests.bench.zoo import ZOO

SEEDS, MINUTES = 5, 6
MASS, THRUST = 1.15, 0.92
"""Of the hidden robot, of the nominal one's."""
COURSE = "figure8:period=16"
START_S, MINUTE_S = 6.0, 60.0
"""Transient that is left out; what an error is the mean of."""
LATE_STEPS = 1
LOST_M = 2.0
SAMPLES = 40_000
"""Of the learner on its small problem: an hour of it."""
FLIGHTS, LAPS, LAPS_FROZEN = 2, 10, 3
"""Behind the real protocol: a battery does not last for more laps at once."""


def measure(repeats: int = 1, seeds: int = SEEDS, minutes: int = MINUTES) -> dict[str, Any]:
    """Return the figures ``streaming.*``.

    Args:
        repeats: ignored: robots are many.
        seeds: of noise and learners, for each robot.
        minutes: of learning; one more is flown with what was learnt.
    """
    return {**_known_problem(seeds), **_kernel(seeds, minutes), **_protocol()}


def _known_problem(seeds: int) -> dict[str, Any]:
    from hardware.adaptation.correction import SETTINGS
    from hardware.adaptation.streaming import StreamingActorCritic
    from tests.support.regulator import DISCOUNT, LIMIT, cost, optimal_gain, train

    gain, settings = optimal_gain(), dataclasses.replace(SETTINGS, discount=DISCOUNT)
    best, ratios = cost(lambda state: -gain @ state), []
    for seed in range(seeds):
        learner = StreamingActorCritic(2, 1, settings, seed)
        train(learner, SAMPLES, seed)
        ratios.append(cost(lambda state, learner=learner: LIMIT * learner.mean(state)) / best)
    return {
        "streaming.lqr_cost_ratio": float(np.max(ratios)),
        "streaming.lqr_cost_ratio_median": float(np.median(ratios)),
        "streaming.lqr_cost_ratio_before": cost(lambda _: np.zeros(1)) / best,
    }


def _kernel(seeds: int, minutes: int) -> dict[str, Any]:
    """Fly hidden and nominal robots, with and without a correction, along the course and at rest."""
    figures: dict[str, Any] = {"streaming.minutes": minutes, "streaming.seeds": seeds}
    worst, lost, roll_backs = [], 0, 0
    for where, course in (("", COURSE), ("rest_", None)):
        flown = _fly(seeds, minutes + 1, course)
        hidden, hidden_without, nominal, nominal_without = (
            flown["error_m"].reshape(minutes + 1, 4, seeds).swapaxes(0, 1)
        )
        figures |= {
            f"streaming.{where}improvement": float(1.0 - (hidden[-1] / hidden_without[-1]).max()),
            f"streaming.{where}error_m": [float(e) for e in hidden.mean(axis=1)],
            f"streaming.{where}error_without_m": float(hidden_without.mean()),
            f"streaming.{where}nominal_error_m": [float(e) for e in nominal.mean(axis=1)],
            f"streaming.{where}nominal_error_without_m": float(nominal_without.mean()),
        }
        worst.append(float((nominal[-1] / nominal_without[-1]).max() - 1.0))
        lost, roll_backs = lost + flown["lost"], roll_backs + flown["roll_backs"]
    return figures | {
        "streaming.nominal_change": max(worst),
        "streaming.lost": lost,
        "streaming.roll_backs": roll_backs,
    }


def _fly(seeds: int, minutes: int, course: str | None) -> dict[str, Any]:
    """Return the error of each minute, (minutes, 4 seeds), m: hidden and nominal robots, each with and without.

    Nothing is learnt in the last minute.
    """
    from hardware.adaptation.correction import SetpointCorrection

    robots = _Robots(seeds)
    corrections = {
        first + seed: SetpointCorrection(robots.period_s, seed) for first in (0, 2 * seeds) for seed in range(seeds)
    }
    per_minute, start = round(MINUTE_S / robots.period_s), round(START_S / robots.period_s)
    reference_w = _reference(course, robots.period_s * np.arange(start + minutes * per_minute))
    aside, squares = np.zeros((robots.count, 3)), np.zeros((minutes, robots.count))
    for k, place in enumerate(reference_w):
        robots.step(place + aside)
        minute = (k - start) // per_minute
        if minute < 0:
            continue
        for i, correction in corrections.items():
            correction.learning &= minute < minutes - 1
            aside[i] = correction.step(robots.position_w[i], robots.velocity_w[i], place)
        squares[minute] += np.square(robots.state[:, :3] - place).sum(axis=1)
    error_m = np.sqrt(squares / per_minute)
    return {
        "error_m": error_m,
        "lost": int((~(error_m < LOST_M)).any(axis=0).sum()),
        "roll_backs": sum(correction.roll_backs for correction in corrections.values()),
    }


def _reference(course: str | None, time_s: np.ndarray) -> np.ndarray:
    from sim.trajectories.parse import parse_trajectory

    return np.zeros((len(time_s), 3)) if course is None else parse_trajectory(course).sample(time_s).position_w


class _Robots:
    """Hidden and nominal robots in the kernel, twice each, flown by the zoo's policy."""

    def __init__(self, seeds: int) -> None:
        from policies.runtime import load_policy
        from sim.flight import layout
        from tests.support.hidden_multirotors import NOMINAL

        self._bundle, self._policy = load_policy(ZOO / "hover")
        self.period_s = self._bundle.info.timing.control_period_s
        self._noise = {term.name: term.noise_std for term in self._bundle.info.observation}
        self._rng = np.random.default_rng(seeds)
        packed = [_airframe(mass, thrust).packed(self.period_s) for mass, thrust in ((MASS, THRUST), (1.0, 1.0))]
        self._packed = np.concatenate([np.repeat(row, 2 * seeds, axis=0) for row in packed])
        self.count = len(self._packed)
        self.state = np.zeros((self.count, layout.state_size(NOMINAL.num_rotors)), np.float32)
        self.state[:, 3], self.state[:, layout.ROTOR_SPEED] = 1.0, NOMINAL.hover_speed
        hover = np.full((self.count, NOMINAL.num_rotors), NOMINAL.hover_command, np.float32)
        self._applied, self._late = hover, [hover] * LATE_STEPS
        self._memory = np.zeros((self.count, self._policy.state_size), np.float32)
        self._first = np.ones(self.count, bool)

    def step(self, set_point_w: np.ndarray) -> None:
        """Estimate, let the policy act, move; set-points are (count, 3) or (3,) m."""
        from calibration.multirotor.simulated import rotations
        from hardware.flying.observation import POSITION_ERROR_LIMIT_M
        from sim.flight import layout
        from sim.flight.kernel import step

        self.position_w = self.state[:, :3] + self._noisy("position_error_w")
        self.velocity_w = self.state[:, layout.VELOCITY_W] + self._noisy("velocity_w")
        error = np.clip(self.position_w - set_point_w, -POSITION_ERROR_LIMIT_M, POSITION_ERROR_LIMIT_M)
        rotation = rotations(self.state[:, layout.QUATERNION]).reshape(self.count, 9)
        rates = self.state[:, layout.ANGULAR_VELOCITY_B] + self._noisy("angular_velocity_b")
        seen = np.concatenate([error, rotation, self.velocity_w, rates, self._applied], axis=1).astype(np.float32)
        action, self._memory = self._policy.step(seen, self._memory, self._first)
        self._first = np.zeros(self.count, bool)
        self._applied = np.clip(action, 0.0, 1.0)
        self._late.append(self._applied)
        step(self.state, np.ascontiguousarray(self._late.pop(0)), self._packed, out=self.state)

    def _noisy(self, term: str) -> np.ndarray:
        return self._noise[term] * self._rng.standard_normal((self.count, 3))


def _airframe(mass: float, thrust: float) -> Any:
    from sim.distributions import Constant
    from sim.randomization import RandomizationTable, Term, sample
    from tests.support.hidden_multirotors import NOMINAL

    scales = {"mass": mass, "thrust": thrust}
    terms = tuple(Term(name, Constant(value), "scale", "hidden") for name, value in scales.items())
    return sample(RandomizationTable("hidden", terms), NOMINAL, np.random.default_rng(0), 1).flight


def _protocol() -> dict[str, Any]:
    """Learn in two flights of a hidden virtual Crazyflie, fly it with what was learnt and without."""
    with tempfile.TemporaryDirectory() as folder:
        learnt = Path(folder) / "adapt.json"
        learning = [_run(Path(folder), LAPS, adapt=learnt) for _ in range(FLIGHTS)]
        frozen = _run(Path(folder), LAPS_FROZEN, adapted=learnt)
        without = _run(Path(folder), LAPS_FROZEN)
    flights = (*learning, frozen, without)
    return {
        "streaming.protocol_error_m": frozen["rms_error_m"],
        "streaming.protocol_error_without_m": without["rms_error_m"],
        "streaming.protocol_minutes": sum(flight["duration_s"] for flight in learning) / MINUTE_S,
        "streaming.protocol_flights": len(flights),
        "streaming.protocol_completed": sum(flight["completed"] for flight in flights),
        "streaming.interventions": sum(len(flight["faults"]) for flight in flights),
    }


def _run(folder: Path, laps: int, **options: Any) -> dict[str, Any]:
    """Fly the zoo's policy on board of a hidden virtual Crazyflie, in lock-step, and return the flight's figures."""
    from hardware import deploy
    from hardware.virtual.crazyflie.build import load_onboard
    from hardware.virtual.crazyflie.robot import Options, VirtualCrazyflie
    from hardware.virtual.crazyflie.server import Server
    from hardware.virtual.process import free_uri
    from policies.bundle import load_bundle
    from tests.support.hidden_multirotors import NOMINAL

    thrust = tuple(THRUST * c for c in NOMINAL.thrust_curve)
    hidden = dataclasses.replace(NOMINAL, mass=MASS * NOMINAL.mass, thrust_curve=thrust)
    robot, uri = VirtualCrazyflie(hidden, load_onboard(load_bundle(ZOO / "hover")), Options(charge=1.0)), free_uri()
    course = f"{COURSE},laps={laps}"
    args = deploy.Args(
        ZOO / "hover", uri=f"{uri}?clock=robot", log=folder / "flight.mcap", hold=2.0, trajectory=course, **options
    )
    with Server(robot, uri, None, 10) as server:
        serving = threading.Thread(target=server.run, daemon=True)
        serving.start()
        try:
            return deploy.run(args)["flight"]
        finally:
            server.stop()
            serving.join()
