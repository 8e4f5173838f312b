"""Figures: ten virtual Crazyflies flown from one process, each at 100 Hz.

Both ends run on this computer: ``sim2metal virtual crazyflie --count`` and ``sim2metal swarm``, as
users run them. With one radio shared by all, the states and set-points that get through are counted
as well.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from hardware.virtual.process import VirtualProcess
from tests.bench.verb import run_verb

ROBOTS = 10
FIRST_PORT = 24850
SHARED_EXCHANGES = 1000
"""Per second, of the radio that all share in a second flight."""


def measure(repeats: int = 1, hold_s: float = 20.0) -> dict[str, object]:
    """Return the figures of the best of ``repeats`` flights (another program may disturb one), by completed robots."""
    alone = max((fly(ROBOTS, hold_s) for _ in range(repeats)), key=_merit)
    radio = ("--shared-radio", str(SHARED_EXCHANGES))
    shared = max((fly(ROBOTS, hold_s, *radio, state_rate=20) for _ in range(repeats)), key=_merit)
    names = ("completed", "rate_hz_min", "rms_error_m_max", "radio_exchanges")
    return alone | {f"swarm.shared_radio.{name}": shared[f"swarm.{name}"] for name in names}


def _merit(flight: dict[str, Any]) -> tuple[float, float]:
    return flight["swarm.completed"], flight["swarm.rate_hz_min"]


def fly(
    robots: int, hold_s: float, *virtual_options: str, port: int = FIRST_PORT, state_rate: int = 100
) -> dict[str, Any]:
    """Fly once.

    Args:
        robots: how many.
        hold_s: time in the air at the set-point.
        virtual_options: of the virtual robots, e.g. ``--shared-radio 1000``.
        port: first of the ports.
        state_rate: states per second.
    """
    from tests.support.pd_policy import build_pd_bundle

    uris = f"udp://127.0.0.1:{port}-{port + robots - 1}"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bundle = str(build_pd_bundle(folder / "bundle").path)
        options = ("--bundle", bundle, "--count", str(robots), *virtual_options)
        with VirtualProcess(uri=f"udp://127.0.0.1:{port}", options=options) as virtual:
            flight = ("--hold", str(hold_s), "--logs", str(folder / "logs"), "--state-rate", str(state_rate))
            result = _run_swarm(folder / "swarm.json", "swarm", bundle, "--uris", uris, *flight)
            virtual.stop()
            events = virtual.events()
    flights = [robot["flight"] for robot in result["robots"]]
    counters: Counter[str] = Counter(events["counters"])
    return {
        "swarm.robots": result["swarm"]["robots"],
        "swarm.completed": result["swarm"]["completed"],
        "swarm.rate_hz_min": result["swarm"]["rate_hz_min"],
        "swarm.period_p99_ms_max": max(figures["loop_p99_ms"] for figures in flights),
        "swarm.overruns": sum(figures["loop"]["overruns"] for figures in flights),
        "swarm.latency_p50_ms_max": max(figures["latency_p50_ms"] or 0.0 for figures in flights),
        "swarm.rms_error_m_max": result["swarm"]["rms_error_m_max"],
        "swarm.real_time_factor": events["timing"]["real_time_factor"],
        "swarm.virtual_cpu_share": events["timing"]["cpu_s"] / events["timing"]["wall_s"],
        "swarm.radio_exchanges": counters["radio_exchanges"],
        "swarm.faults": sorted({fault["fault"] for figures in flights for fault in figures["faults"]}),
    }


def _run_swarm(out: Path, *arguments: str) -> dict[str, Any]:
    """Run the verb; a flight that did not complete has figures too."""
    try:
        return run_verb(out, *arguments)
    except RuntimeError:
        result = json.loads(out.read_text()) if out.exists() else {}
        if "swarm" not in result:
            raise
        return result


if __name__ == "__main__":
    import sys

    for name, value in fly(ROBOTS, 20.0, *sys.argv[1:]).items():
        sys.stdout.write(f"{name}: {value}\n")
