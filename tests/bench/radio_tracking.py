"""Figures: a policy on the host flies a figure-eight over a poor radio, commanding body rates and thrust.

Everything but the air is real: cflib, its packets, the virtual robot's decoder and controllers. Time is the robot's
(``clock=robot``), so that a loaded machine gives the same figure; delay and loss are in that time.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from hardware.virtual.process import VirtualProcess
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
        ``radio.figure8_rmse_m`` (largest of the flights), ``radio.figure8_max_error_m``,
        ``radio.figure8_flights`` and the conditions.
    """
    flights = [fly(seed) for seed in SEEDS]
    completed = all(flight["completed"] for flight in flights)
    return {
        "radio.figure8_rmse_m": max(flight["rms_error_m"] for flight in flights) if completed else np.inf,
        "radio.figure8_max_error_m": max(flight["max_error_m"] for flight in flights) if completed else np.inf,
        "radio.figure8_period_s": PERIOD_S,
        "radio.figure8_flights": len(flights),
        "radio.figure8_conditions": ", ".join(CONDITIONS),
    }


def fly(seed: int, bundle: Path = BUNDLE, period_s: float = PERIOD_S) -> dict[str, float]:
    """Return the figures of one flight along the figure-eight."""
    options = ("--profile", "stock", "--lock-step", "--seed", str(seed), "--fault", *CONDITIONS)
    with (
        tempfile.TemporaryDirectory(prefix="sim2metal-radio-") as scratch,
        VirtualProcess("crazyflie", options=options) as robot,
    ):
        log, result = Path(scratch) / "flight.mcap", Path(scratch) / "flight.json"
        course = ("--trajectory", f"figure8:period={period_s:g}", "--hold", "3")
        uri = f"{robot.uri}?clock=robot"
        return run_verb(result, "run", str(bundle), "--uri", uri, *course, "--log", str(log))["flight"]
