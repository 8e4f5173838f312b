"""The page's sections about the flight itself: film, plots, loop timing, faults."""

from __future__ import annotations

from typing import Any

import numpy as np

from calibration.reporting import flight_plots
from calibration.reporting.formats import grouped, milliseconds, seconds, shown
from calibration.reporting.html import Html, figure, join, missing, paragraph, table
from calibration.reporting.record import FlightRecord, RunRecord
from calibration.reporting.run_folder import RunFolder
from calibration.reporting.summary import value_of


def flight(run: RunFolder, video: Html) -> Html:
    """Video, error, path and motors of the flight."""
    record = run.flight
    if not isinstance(record, FlightRecord):
        command = f"sim2metal run {run.path}/bundle --log {run.path}/flight.mcap --json {run.path}/flight.json"
        return missing("No flight log here", command)
    over_time = (
        "Distance to the set-point and position over time. Tints: the supervisor's and the mission's phases;"
        " red lines: faults. A click moves the video to that moment."
    )
    return join(
        [
            video,
            figure(flight_plots.over_time(record, "over-time"), over_time),
            figure(
                flight_plots.path(record, "path"), "The path flown and the set-points, from the robot's own estimate."
            ),
            figure(
                flight_plots.motors(record, "motors"), "Motor commands, as the robot reports them, and its battery."
            ),
        ]
    )


def loop_timing(run: RunFolder) -> Html:
    """Period and age of data of the control loop."""
    record = run.flight
    if record is None:
        command = f"sim2metal run {run.path}/bundle --log {run.path}/flight.mcap --json {run.path}/flight.json"
        return missing("No flight log here", command)
    rows = [
        ["loop period, ms", *flight_plots.percentiles_ms(record.period_s)],
        ["age of the state estimate, ms", *flight_plots.percentiles_ms(record.undisturbed_age_s)],
    ]
    for name, values in (
        ("state to command, ms", record.latency_s),
        ("to the robot and back, ms", record.round_trip_s),
    ):
        if np.isfinite(values).any():
            rows.append([name, *flight_plots.percentiles_ms(values)])
    overruns = value_of(run.figures, "flight.flight.loop.overruns")
    text = f"{grouped(len(record.time_s))} steps from absolute deadlines"
    text += f", {grouped(overruns)} deadlines missed." if isinstance(overruns, int | float) else "."
    if record.faults:
        text += " The state's age is counted until the first fault."
    return join(
        [
            figure(flight_plots.timing(record, "timing"), text),
            table(("", "median", "p95", "p99", "p99.9", "largest"), rows),
        ]
    )


def faults(run: RunFolder) -> Html:
    """What went wrong, in the flight and in the fault drill, and how fast the safe action came."""
    if run.path.is_file():
        return logged_faults(run.flight)
    rows = [*_fault_rows(run, "flight", "the flight"), *_fault_rows(run, "fault", "the drill")]
    parts = []
    if rows:
        parts.append(table(("fault", "in", "safe action", "seen after", "safe action after"), rows))
    elif run.of("flight"):
        parts.append(paragraph("No fault in the flight."))
    if isinstance(run.fault, FlightRecord):
        caption = "The drill: the same flight with a fault injected in the air. Red line: the supervisor's safe action."
        parts.append(figure(flight_plots.over_time(run.fault, "fault-over-time"), caption))
    elif not run.of("fault"):
        parts.append(missing("No fault drill here", "make demo"))
    return join(parts)


def logged_faults(record: RunRecord | None) -> Html:
    """What the supervisor saw in one log: when, and how fast it acted."""
    if record is None or not record.faults:
        return paragraph("The supervisor saw no fault.")
    rows = [
        [
            fault.name.replace("_", " "),
            fault.safe_action.replace("_", " "),
            seconds(fault.time_s),
            shown(fault.detected_ms, milliseconds),
            shown(fault.safe_action_ms, milliseconds),
        ]
        for fault in record.faults
    ]
    return table(("fault", "safe action", "at", "seen after", "safe action after"), rows)


def _fault_rows(run: RunFolder, source: str, where: str) -> list[list[str]]:
    found = value_of(run.figures, f"{source}.flight.faults")
    return [_fault_row(fault, where) for fault in found or [] if isinstance(fault, dict)]


def _fault_row(fault: dict[str, Any], where: str) -> list[str]:
    return [
        str(fault.get("fault", "")).replace("_", " "),
        where,
        str(fault.get("safe_action", "")).replace("_", " "),
        shown(fault.get("detected_ms"), milliseconds),
        shown(fault.get("safe_action_ms"), milliseconds),
    ]
