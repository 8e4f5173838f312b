"""What a flight came to: its figures, its faults, its last words."""

from __future__ import annotations

from typing import Any

import numpy as np
from rich.console import Console

from hardware.faults import SEVERITY, Fault
from hardware.flight import FlightRecord
from hardware.flying.mission import Plan
from hardware.supervisor import ARMING_TIMEOUT_S
from sim.errors import FlightAbortedError


def flight_result(record: FlightRecord, plan: Plan) -> dict[str, Any]:
    """Return the figures of a flight; ``completed`` when it went through the whole plan without a fault."""
    timing = record.timing.summary()
    latencies_ms = np.asarray(record.latencies_ns, dtype=np.float64) / 1e6
    return {
        "completed": record.plan_done and record.disarmed and not record.faults,
        "took_off": record.took_off,
        "plan_done": record.plan_done,
        **record.errors(),
        "error_source": f"state estimate, at rest set-points, the first {plan.settle_s:g} s at each left out",
        "judged_steps": len(record.errors_m),
        "loop_p99_ms": timing.get("period_p99_ms"),
        "loop": timing,
        "latency_p50_ms": float(np.percentile(latencies_ms, 50)) if latencies_ms.size else None,
        "latency_p99_ms": float(np.percentile(latencies_ms, 99)) if latencies_ms.size else None,
        "duration_s": record.duration_s,
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
    flight = result["flight"]
    error = FlightAbortedError(f"{_what_happened(flight)}; {_where_it_ended(flight)}; log {result['log']}")
    error.result = result  # type: ignore[attr-defined]  # the command line writes it to --json
    return error


def _what_happened(flight: dict[str, Any]) -> str:
    """Name the fault whose action was in force, or what else kept the flight from completing."""
    if flight["faults"]:
        worst = max(flight["faults"], key=lambda fault: SEVERITY[fault["safe_action"]])  # the first of these
        action, after_ms = worst["safe_action"], worst["safe_action_ms"]
        return f"flight aborted: {worst['fault']}, safe action '{action}' after {after_ms:.0f} ms"
    if not flight["took_off"]:
        return f"no take-off: the robot did not arm within {ARMING_TIMEOUT_S:g} s, restart it"
    return "the robot fell silent after its landing" if flight["plan_done"] else "flight ended before its plan did"


def _where_it_ended(flight: dict[str, Any]) -> str:
    seen = {fault["fault"] for fault in flight["faults"]}
    if flight["disarmed"]:
        locked = ", locked until it is restarted" if Fault.KILL.value in seen else ""
        return f"the robot is disarmed{locked}"
    if Fault.LINK_LOST.value in seen:
        return "the robot is out of reach and lands by itself: approach with care"
    return "the robot did not confirm that it is disarmed: approach with care"


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
