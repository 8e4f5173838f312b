"""What a run came to: its figures, its faults, its last words."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from hardware.control_loop import RunRecord
from hardware.faults import SEVERITY, Fault
from hardware.supervisor import ARMING_TIMEOUT_S
from sim.errors import FlightAbortedError


def run_result(record: RunRecord) -> dict[str, Any]:
    """Return the figures that every run has; ``completed`` when it went through its whole plan without a fault."""
    timing = record.timing.summary()
    return {
        "completed": record.plan_done and record.disarmed and not record.faults,
        "took_off": record.took_off,
        "plan_done": record.plan_done,
        "loop_p99_ms": timing.get("period_p99_ms"),
        "loop": timing,
        "latency_p50_ms": _latency_ms(record, 50),
        "latency_p99_ms": _latency_ms(record, 99),
        "round_trip_p50_ms": record.round_trips_ms.percentile(50),
        "round_trip_p99_ms": record.round_trips_ms.percentile(99),
        "duration_s": record.duration_s,
        "battery_start_v": record.battery_start_v,
        "battery_min_v": record.battery_min_v,
        "disarmed": record.disarmed,
        "faults": record.faults,
    }


def _latency_ms(record: RunRecord, percent: float) -> float | None:
    latency_ns = record.latencies_ns.percentile(percent)
    return None if latency_ns is None else latency_ns / 1e6


def reaction_times(faults: list[dict[str, Any]]) -> dict[str, float]:
    """Return ``<fault>_to_safe_ms`` for every fault; a lost link is called ``link_loss`` as in the summary."""
    names = {"link_lost": "link_loss"}
    return {f"{names.get(fault['fault'], fault['fault'])}_to_safe_ms": fault["safe_action_ms"] for fault in faults}


def aborted(result: dict[str, Any], key: str = "flight") -> FlightAbortedError:
    """Return the error of a flight or run (``key``) that did not complete, with its result attached."""
    figures = result[key]
    words = f"{_what_happened(figures, key)}; {_where_it_ended(figures, key)}; log {result['log']}"
    error = FlightAbortedError(words)
    error.result = result  # type: ignore[attr-defined]  # the command line writes it to --json
    return error


def _what_happened(flight: dict[str, Any], key: str) -> str:
    """Name the fault whose action was in force, or what else kept the run from completing."""
    if flight["faults"]:
        worst = max(flight["faults"], key=lambda fault: SEVERITY[fault["safe_action"]])  # the first of these
        action, after_ms = worst["safe_action"], worst["safe_action_ms"]
        return f"{key} aborted: {worst['fault']}, safe action '{action}' after {after_ms:.0f} ms"
    if not flight["took_off"]:
        start = "no take-off" if key == "flight" else "nothing moved"
        return f"{start}: the robot did not arm within {ARMING_TIMEOUT_S:g} s, restart it"
    if flight["plan_done"]:
        return "the robot fell silent after its landing" if key == "flight" else "the robot fell silent at the end"
    return f"{key} ended before its plan did"


def _where_it_ended(flight: dict[str, Any], key: str) -> str:
    seen = {fault["fault"] for fault in flight["faults"]}
    if flight["disarmed"]:
        locked = ", locked until it is restarted" if Fault.KILL.value in seen else ""
        return f"the robot is disarmed{locked}"
    if Fault.LINK_LOST.value in seen:
        does = "lands" if key == "flight" else "damps its joints"
        return f"the robot is out of reach and {does} by itself: approach with care"
    return "the robot did not confirm that it is disarmed: approach with care"


def print_figures(console: Console, figures: dict[str, Any], key: str) -> None:
    """Print what ``run_result`` says, a line each; ``key`` is what to call it: flight or run."""
    if figures["loop_p99_ms"] is not None:
        console.print(
            f"  loop period: {figures['loop']['period_p50_ms']:.2f} ms median, {figures['loop_p99_ms']:.2f} ms p99,"
            f" {figures['loop']['overruns']:.0f} overruns"
        )
    if figures["latency_p50_ms"] is not None:
        console.print(
            f"  state to command: {figures['latency_p50_ms']:.1f} ms median, {figures['latency_p99_ms']:.1f} ms p99"
            + _round_trip(figures)
        )
    console.print(f"  battery: {figures['battery_start_v']:.2f} V at start, {figures['battery_min_v']:.2f} V lowest")
    for fault in figures["faults"]:
        console.print(
            f"  [red]fault[/] {fault['fault']}: {fault['safe_action']} within {fault['safe_action_ms']:.0f} ms"
        )
    console.print(f"[green]{key} completed[/]" if figures["completed"] else f"[red]{key} not completed[/]")


def _round_trip(figures: dict[str, Any]) -> str:
    if figures["round_trip_p50_ms"] is None:
        return ""
    return f"; to the robot and back: {figures['round_trip_p50_ms']:.1f} ms"
