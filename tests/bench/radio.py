"""Figures: a policy on the host holds hover over a poor radio, commanding attitude and thrust 50 times a second."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hardware.virtual.process import VirtualProcess
from tests.bench.verb import ROOT, run_verb

HOVER_S = 60.0
CONDITIONS = ("delay=10", "packet-loss=5")
"""Of the virtual radio, each way: ms and per cent."""
BUNDLE = ROOT / "policies" / "zoo" / "hover_attitude"


def measure(repeats: int = 1) -> dict[str, object]:
    """Return the figures; ``repeats`` is of no use: one long flight says more than several short ones."""
    with tempfile.TemporaryDirectory(prefix="sim2metal-radio-") as scratch:
        options = ("--profile", "stock", "--fault", *CONDITIONS)
        with VirtualProcess("crazyflie", options=options) as robot:
            log, result = Path(scratch) / "flight.mcap", Path(scratch) / "flight.json"
            verb = ("run", str(BUNDLE), "--uri", robot.uri, "--hold", f"{HOVER_S:g}", "--log", str(log))
            flight = run_verb(result, *verb)["flight"]
    return {
        "radio.hover_s": HOVER_S if flight["completed"] else 0.0,
        "radio.rms_error_m": flight["rms_error_m"],
        "radio.max_error_m": flight["max_error_m"],
        "radio.latency_p50_ms": flight["latency_p50_ms"],
        "radio.latency_p99_ms": flight["latency_p99_ms"],
        "radio.loop_p99_ms": flight["loop_p99_ms"],
    }
