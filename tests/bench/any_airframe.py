"""Figures of the one policy for all quadrotors: trained once here, judged in MuJoCo over sampled airframes.

Training runs through the ``train`` verb in a fresh process, as a user would, once whatever ``repeats``
says: it takes minutes and is the same to the bit. Judged are 2000 airframes that hold a position (with
all of the table's disturbances, sensors and delays) and 500 along the figure-eight of T = 5.5 s; the
median over airframes leaves out those without the thrust margin that the curve needs.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np

from policies.bundle import load_bundle
from policies.evaluator import evaluate
from policies.policy import Policy
from policies.runtime import OnnxPolicy
from policies.tracking import judge_tracking
from sim.agility import thrust_margin
from sim.envs.task import FlightTask, load_flight_task
from sim.randomization import sample
from sim.trajectories import parse_trajectory
from sim.trajectories.steps import Steps
from tests.bench.verb import run_verb

AIRFRAMES = 2000
CURVES = 500
SEED = 1000
"""Apart from all seeds of training and selection."""
LEAST_MARGIN = 1.2
"""Thrust over what the figure-eight asks for at its sharpest (``agility.thrust_margin``) to be counted."""
FIGURE8 = "figure8:period=5.5"


def measure(repeats: int = 1) -> dict[str, object]:
    """Train with seed 0 and judge.

    Args:
        repeats: ignored.
    """
    del repeats
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        trained = run_verb(out / "train.json", "train", "any_airframe", "--seed", "0", "--out", str(out / "run"))
        figures = judge(out / "run" / "bundle")
    return {"any.train_s": trained["train.wall_s"], "any.train_cpu_s": trained["train.cpu_s"], **figures}


def judge(bundle_path: Path, airframes: int = AIRFRAMES, curves: int = CURVES) -> dict[str, object]:
    """Return the figures of a bundle of the task ``any_airframe``."""
    bundle = load_bundle(bundle_path)
    policy, task = OnnxPolicy(bundle), load_flight_task("any_airframe")
    return {
        "any.parameters": parameters(bundle_path),
        **hovering(policy, task, airframes),
        **figure_eight(policy, task, curves),
    }


def hovering(policy: Policy, task: FlightTask, airframes: int) -> dict[str, object]:
    """Hold a position: ``any.success_rate`` counts flights that stay within 2 m, ``any.hover_success_rate`` those
    that also are within 20 cm throughout the last second, as in ``hover``."""
    found = evaluate(policy, at_rest(task), airframes, SEED)
    survived = np.isfinite(found.steady_error_m)
    return {
        "any.airframes": found.episodes,
        "any.left_out": found.left_out,
        "any.success_rate": float(survived.mean()),
        "any.hover_success_rate": found.success_rate,
        "any.steady_error_m": found.median_steady_error_m,
        "any.steady_error_p95_m": float(np.quantile(found.steady_error_m, 0.95)),
    }


def figure_eight(policy: Policy, task: FlightTask, curves: int) -> dict[str, object]:
    """Follow the figure-eight, each airframe once."""
    curve = parse_trajectory(FIGURE8)
    time = np.arange(curve.settle_s, curve.settle_s + 11.0, 0.01)
    peak = float(np.linalg.norm(curve.sample(time).acceleration_w, axis=1).max())
    found = judge_tracking(
        policy, task, curve, flights=curves, seed=SEED, randomized=True, duration_s=curve.settle_s + 11.0
    )
    drawn = sample(task.EVALUATION_TABLE, task.ROBOT.parameters(), np.random.default_rng(SEED), curves)
    able = thrust_margin(drawn.thrust_to_weight[drawn.thrust_to_weight >= 1.15], peak) >= LEAST_MARGIN
    return {
        "any.figure8_rmse_m": float(np.median(found.flight_rmse_m[able])),
        "any.figure8_rmse_p95_m": float(np.quantile(found.flight_rmse_m[able], 0.95)),
        "any.figure8_lost": int(found.lost[able].sum()),
        "any.figure8_airframes": int(able.sum()),
        "any.figure8_peak_acceleration_m_s2": peak,
    }


def at_rest(task: FlightTask) -> FlightTask:
    """Return the task with references that stay at the origin."""
    changed = {**vars(task), "sample_references": lambda rng, n: [Steps(size=0.0)] * n}
    return cast(FlightTask, SimpleNamespace(**changed))


def parameters(bundle_path: Path) -> int:
    """Number of weights and biases in a bundle."""
    from policies.export_onnx import rebuild_torch

    return sum(p.numel() for p in rebuild_torch(load_bundle(bundle_path)).parameters())
