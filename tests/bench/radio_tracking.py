"""Figures: a policy on the host flies a figure-eight over a poor radio, commanding body rates and thrust.

Everything but the air is real: cflib, its packets, the virtual robot's decoder and controllers. Time is the robot's
(``clock=robot``), so that a loaded machine gives the same figure; delay and loss are in that time.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from hardware.log_reader import read_log
from hardware.virtual.process import VirtualProcess
from sim.trajectories import parse_trajectory
from tests.bench.verb import ROOT, run_verb

PERIOD_S = 10.0
CONDITIONS = ("delay=15", "packet-loss=3")
"""Of the virtual radio, each way: ms and per cent."""
BUNDLE = ROOT / "policies" / "zoo" / "track_rates"
SEEDS = (0, 1, 2)
"""Of the virtual robot: noise and which packets are lost."""


def measure(repeats: int = 1) -> dict[str, object]:
    """Return the error of the worst flight and what is beside it.

    Args:
        repeats: of no use: every flight is the same each time.

    Returns:
        ``radio.figure8_rmse_m`` (largest of the flights; of the state estimate as it arrives, some 20 ms late),
        ``radio.figure8_true_rmse_m`` (of the body in MuJoCo), ``radio.figure8_max_error_m``,
        ``radio.figure8_flights`` and the conditions.
    """
    flights = [fly(seed) for seed in SEEDS]
    completed = all(flight["completed"] for flight in flights)

    def worst(name: str) -> float | None:
        return max(flight[name] for flight in flights) if completed else None

    return {
        "radio.figure8_rmse_m": worst("rms_error_m"),
        "radio.figure8_true_rmse_m": worst("true_rms_error_m"),
        "radio.figure8_max_error_m": worst("max_error_m"),
        "radio.figure8_period_s": PERIOD_S,
        "radio.figure8_flights": len(flights),
        "radio.figure8_conditions": ", ".join(CONDITIONS),
    }


def fly(seed: int, bundle: Path = BUNDLE, period_s: float = PERIOD_S) -> dict[str, float]:
    """Return the figures of one flight along the figure-eight, ``true_rms_error_m`` among them."""
    course = f"figure8:period={period_s:g}"
    with tempfile.TemporaryDirectory(prefix="sim2metal-radio-") as scratch:
        log, result, truth = (Path(scratch) / name for name in ("flight.mcap", "flight.json", "truth.csv"))
        options = ("--profile", "stock", "--lock-step", "--seed", str(seed), "--truth", str(truth))
        with VirtualProcess("crazyflie", options=(*options, "--fault", *CONDITIONS)) as robot:
            where = ("--uri", f"{robot.uri}?clock=robot", "--trajectory", course, "--hold", "3")
            flight = run_verb(result, "run", str(bundle), *where, "--log", str(log))["flight"]
        return flight | {"true_rms_error_m": true_error(log, truth, parse_trajectory(course).settle_s)}


def true_error(log: Path, truth: Path, settle_s: float) -> float:
    """Return the rms distance, m, of the true body to the set-points of a log, less the trajectory's ramp.

    In lock-step the log's clock is the robot's, which counts the truth's lines.
    """
    steps = read_log(log)
    along = np.flatnonzero(np.array(steps["phase"]) == "trajectory")
    time_ms = np.array(steps["time_ns"])[along] / 1e6
    judged = time_ms >= time_ms[0] + 1e3 * settle_s
    wanted = np.array(steps["setpoint"], float)[along, :3]
    body = np.genfromtxt(truth, delimiter=",", names=True)
    true = np.stack([np.interp(time_ms, body["t_ms"], body[f"q{i}"]) for i in range(3)], axis=1)
    return float(np.sqrt(np.mean(np.square(true - wanted).sum(axis=1)[judged])))
