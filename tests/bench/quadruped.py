"""A twelve-joint quadruped identified from 40 s in the air: worst errors over hidden robots, and what it costs.

The robots are simulated at a fifth of the model's step, with delays of any length, noise of an encoder and lost rows.
The equations are the model's own: an inverse crime but for the integration, and named so. What a term that the model
lacks does is told by one more robot, whose dry friction is larger at rest.
"""

from typing import Any

import numpy as np

from calibration.joints.excitation import excitation
from calibration.joints.identify import Identification, identify_joints
from sim.bodies.dynamics import QUANTITIES, JointDynamics
from sim.registry import load_robot
from tests.support.joint_truth import Lacking, log_in_the_air, random_dynamics

ROBOTS, SECONDS, PERIOD_S = 4, 40.0, 0.005
FIRST_SEED = 100
STRIBECK = 0.3
"""Share of its dry friction that the robot with a term too many has more of at rest."""
RELATIVE = ("armature", "damping", "friction", "strength")
ABSOLUTE = {"bias": (1e3, "bias_mrad"), "delay": (1e3, "delay_ms")}


def measure(repeats: int = 1) -> dict[str, Any]:
    """Return worst errors by quantity, coverage of the intervals, prediction against the nominal robot, and cost."""
    del repeats
    parameters = load_robot("go1").parameters("policy")
    time_s = np.arange(0.0, SECONDS, PERIOD_S)
    targets = excitation(parameters, time_s)
    worst: dict[str, float] = {}
    inside, ratios, cpu_s = [], [], []
    for seed in range(FIRST_SEED, FIRST_SEED + ROBOTS):
        truth = random_dynamics("go1", seed)
        found = identify_joints(log_in_the_air("go1", truth, time_s, targets, seed), parameters)
        for name, error in errors(found, truth).items():
            worst[name] = max(worst.get(name, 0.0), error)
        inside += covered(found, truth)
        holdout = found.estimate.holdout
        ratios.append(holdout["nominal.joint_position_rad.0.5s"] / holdout["joint_position_rad.0.5s"])
        cpu_s.append(found.estimate.diagnostics["cpu_s"])
    truth = random_dynamics("go1", FIRST_SEED)
    other = identify_joints(log_in_the_air("go1", truth, time_s, targets, FIRST_SEED), parameters, "cmaes")
    lacking = log_in_the_air("go1", truth, time_s, targets, FIRST_SEED, lacking=Lacking(STRIBECK))
    incomplete = identify_joints(lacking, parameters)
    named = [note for note in incomplete.estimate.notes if "lacks a term" in note]
    return {
        "quadruped.errors": worst,
        "quadruped.coverage": float(np.mean(inside)),
        "quadruped.holdout_ratio": min(ratios),
        "quadruped.cpu_s": max(cpu_s),
        "quadruped.robots": ROBOTS,
        "quadruped.cmaes_errors": errors(other, truth),
        "quadruped.cmaes_cpu_s": other.estimate.diagnostics["cpu_s"],
        "quadruped.stribeck_errors": errors(incomplete, truth),
        "quadruped.stribeck_coverage": float(np.mean(covered(incomplete, truth))),
        "quadruped.stribeck_named": f"{sum('Stribeck' in note for note in named)} of {len(truth.armature)} joints",
    }


def errors(found: Identification, truth: JointDynamics) -> dict[str, float]:
    """Return the worst error of each quantity: relative, or in mrad and ms."""
    result = {name: _largest(getattr(found.dynamics, name) / getattr(truth, name) - 1.0) for name in RELATIVE}
    for name, (factor, shown) in ABSOLUTE.items():
        result[shown] = factor * _largest(getattr(found.dynamics, name) - getattr(truth, name))
    return result


def covered(found: Identification, truth: JointDynamics) -> list[bool]:
    """Return for each stated value whether its 90 % interval holds the truth."""
    joints = load_robot("go1").joint_names
    true = {f"{name}.{joint}": getattr(truth, name)[k] for name in QUANTITIES for k, joint in enumerate(joints)}
    estimate = found.estimate
    return [
        bool(low <= true[name] <= high) for name, (low, high) in zip(estimate.names, estimate.interval(0.90).tolist())
    ]


def _largest(values: np.ndarray) -> float:
    return float(np.abs(values).max())
