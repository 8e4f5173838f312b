"""What a flight came to: its figures, its faults, its last words."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from rich.console import Console

from hardware.faults import SEVERITY, Fault
from hardware.flight import FlightRecord
from hardware.mission import Plan
from sim.errors import FlightAbortedError


def flight_result(record: FlightRecord, plan: Plan) -> dict[str, Any]:
    """Return the figures of a flight; ``completed`` when it went through the whole plan without a fault."""
    timing = record.timing.summary()
    latencies_ms = np.asarray(record.latencies_ns, dtype=np.float64) / 1e6
    visited = len({phase for phase in record.setpoint_phases if phase.startswith("set-point")})
    completed = not record.faults and record.disarmed and visited == len(plan.waypoints)
    return {
        "completed": completed,
        **record.errors(),
        "error_source": f"state estimate, at rest set-points, the first {plan.settle_s:g} s at each left out",
        "judged_steps": len(record.errors_m),
        "loop_p99_ms": timing.get("period_p99_ms"),
        "loop": timing,
        "latency_p50_ms": float(np.percentile(latencies_ms, 50)) if latencies_ms.size else None,
        "latency_p99_ms": float(np.percentile(latencies_ms, 99)) if latencies_ms.size else None,
        "duration_s": time.monotonic() - record.started_s,
        "battery_start_v": record.battery_start_v,
        "battery_min_v": record.battery_min_v,
        "disarmed": record.disarmed,
        "faults": record.faults,
    }


def reaction_times(faults: list[dict[str, Any]]) -> dict[str, float]:
    """Return ``<fault>_to_safe_ms`` for every fault; a lost link is called ``link_loss`` as in the summary."""
    names = {"link_lost": "link_loss"}
    return {f"{names.get(fault['fault'], fault['fault'])}_to_safe_ms": fault["safe_action_ms"] for fault in faults}


def aborted(result: dict[str, Any]) -> FlightAbortedError:
    """Return the error of a flight that did not complete, with its result attached."""
    faults = result["flight"]["faults"]
    text = "flight ended before its plan did"
    if faults:
        worst = max(faults, key=lambda fault: SEVERITY[fault["safe_action"]])  # the first of these
        action, after_ms = worst["safe_action"], worst["safe_action_ms"]
        text = f"flight aborted: {worst['fault']}, safe action '{action}' after {after_ms:.0f} ms"
    if result["flight"]["disarmed"]:
        end = "the robot is disarmed"
    elif any(fault["fault"] == Fault.LINK_LOST.value for fault in faults):
        end = "the robot is out of reach and lands by itself: approach with care"
    else:
        end = "the robot did not confirm that it is disarmed: approach with care"
    error = FlightAbortedError(f"{text}; {end}; log {result['log']}")
    error.result = result  # type: ignore[attr-defined]  # the command line writes it to --json
    return error


def print_summary(console: Console, flight: dict[str, Any]) -> None:
    """Print what ``flight_result`` says, a line each."""
    if flight["rms_error_m"] is not None:
        rms, largest = 100 * flight["rms_error_m"], 100 * flight["max_error_m"]
        console.print(f"  error at the set-points: {rms:.1f} cm rms, {largest:.1f} cm largest")
    if flight["loop_p99_ms"] is not None:
        console.print(
            f"  loop period: {flight['loop']['period_p50_ms']:.2f} ms median, {flight['loop_p99_ms']:.2f} ms p99,"
            f" {flight['loop']['overruns']:.0f} overruns"
        )
    console.print(f"  battery: {flight['battery_start_v']:.2f} V at start, {flight['battery_min_v']:.2f} V lowest")
    for fault in flight["faults"]:
        console.print(
            f"  [red]fault[/] {fault['fault']}: {fault['safe_action']} within {fault['safe_action_ms']:.0f} ms"
        )
    console.print("[green]flight completed[/]" if flight["completed"] else "[red]flight not completed[/]")
