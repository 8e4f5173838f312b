"""Plots of one flight: error and position over time, path in space, loop timing, motors."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from calibration.reporting.html import Html
from calibration.reporting.palette import LIGHT, SERIES
from calibration.reporting.plotting import new_figure, style, thinned, to_svg
from calibration.reporting.record import FlightRecord, RunRecord

_BOTH = np.array([-1.0, 1.0])

_TINT = {
    "ramp": "phase_move",
    "running": "phase_hold",
    "holding": "phase_hold",
    "landing": "phase_move",
    "descending": "phase_safe",
    "damping": "phase_safe",
    "emergency_stop": "phase_safe",
}
"""Tint behind each supervisor mode; the others are on the ground."""


def over_time(record: FlightRecord, name: str) -> Html:
    """Return error and position over time with set-points, supervisor modes and faults."""
    with style():
        figure = new_figure(5.6)
        grid = figure.add_gridspec(4, 1, height_ratios=(1.5, 1.0, 1.0, 1.0))
        top = figure.add_subplot(grid[0])
        rows = [figure.add_subplot(grid[i + 1], sharex=top) for i in range(3)]
        error_axes(top, record)
        for axes, axis, i in zip(rows, "xyz", range(3)):
            _position(axes, record, axis, i)
        for axes in (top, *rows[:-1]):
            axes.tick_params(labelbottom=False)
        rows[0].legend(loc="lower right", ncols=2, bbox_to_anchor=(1.0, 0.96), borderaxespad=0.0)
        rows[-1].set_xlabel("flight time, s")
        figure.align_ylabels([top, *rows])
        return to_svg(figure, name, seek=top)


def error_axes(axes: Axes, record: FlightRecord) -> None:
    """Draw the distance to the set-point over time into ``axes``, modes behind it."""
    time, error = thinned(record.time_s, 100.0 * record.error_m)
    axes.plot(time, error, color=LIGHT["plum"])
    axes.set_ylim(0.0, _ceiling(error))
    axes.set_xlim(record.time_s[0], record.time_s[-1])
    axes.set_ylabel("error, cm")
    shade_phases(axes, record, labels=True)


def shade_phases(axes: Axes, record: RunRecord, labels: bool = False) -> None:
    """Tint the supervisor's modes and mark its faults."""
    for phase in record.phases:
        tint = "phase_move" if phase.name.startswith("to ") else _TINT.get(phase.mode, "phase_ground")
        axes.axvspan(phase.start_s, phase.end_s, color=LIGHT[tint], linewidth=0.0, zorder=0)
        wide = (phase.end_s - phase.start_s) > 0.0075 * record.duration_s * len(phase.name)
        if labels and wide:
            _above(axes, 0.5 * (phase.start_s + phase.end_s), phase.name.replace("_", " "), "muted")
    for i, fault in enumerate(record.faults):
        axes.axvline(fault.time_s, color=LIGHT["bad"], linewidth=1.2)
        if labels and i == 0:
            label = fault.name.replace("_", " ") + (f" (+{len(record.faults) - 1})" if len(record.faults) > 1 else "")
            place = {
                "x": fault.time_s,
                "y": 0.96,
                "s": f" {label}",
                "va": "top",
                "transform": axes.get_xaxis_transform(),
            }
            axes.text(**place, color=LIGHT["bad"], fontsize=8.5)


def _above(axes: Axes, time: float, text: str, role: str) -> None:
    across = axes.get_xaxis_transform()
    axes.text(time, 1.03, text, transform=across, ha="center", va="bottom", color=LIGHT[role], fontsize=8)


def _position(axes: Axes, record: FlightRecord, label: str, i: int) -> None:
    shade_phases(axes, record)
    time, set_point, position = thinned(record.time_s, record.set_point_w[:, i], record.position_w[:, i])
    axes.plot(time, set_point, color=LIGHT["orange"], linewidth=1.1, label="set-point")
    axes.plot(time, position, color=LIGHT["blue"], label="flown")
    axes.set_ylabel(f"{label}, m")
    low, high = np.nanmin([set_point, position]), np.nanmax([set_point, position])
    room = max(0.12 * (high - low), 0.05)
    axes.set_ylim(low - room, high + room)


def path(record: FlightRecord, name: str) -> Html:
    """Return the path in three dimensions and from above."""
    with style():
        figure = new_figure(3.7)
        space = figure.add_subplot(1, 2, 1, projection="3d")
        above = figure.add_subplot(1, 2, 2)
        _draw_space(space, record)
        _draw_above(above, record)
        return to_svg(figure, name)


def _draw_space(axes: Axes, record: FlightRecord) -> None:
    position, set_point = thinned(record.position_w, record.set_point_w)
    targets = _distinct(record.set_point_w)
    for direction in (axes.xaxis, axes.yaxis, axes.zaxis):  # type: ignore[attr-defined]
        direction.set_pane_color((0.0, 0.0, 0.0, 0.0))
        direction.line.set_color(LIGHT["grid"])
        direction._axinfo["grid"]["color"] = LIGHT["grid"]
    axes.plot(*set_point.T, color=LIGHT["orange"], linewidth=1.0)
    axes.plot(*position.T, color=LIGHT["blue"])
    axes.plot(position[:, 0], position[:, 1], np.zeros(len(position)), color=LIGHT["muted"], linewidth=0.8, alpha=0.5)
    axes.plot(*targets.T, linestyle="", marker="o", markersize=4, color=LIGHT["orange"])
    axes.set_xlabel("x, m")
    axes.set_ylabel("y, m")
    axes.set_zlabel("z, m", labelpad=8.0)  # type: ignore[attr-defined]  # beside the numbers, not upon them
    centre = 0.5 * (np.nanmax(position, axis=0) + np.nanmin(position, axis=0))
    reach = max(0.55 * float(np.nanmax(np.nanmax(position, axis=0) - np.nanmin(position, axis=0))), 0.15)
    axes.set(xlim=centre[0] + reach * _BOTH, ylim=centre[1] + reach * _BOTH)
    axes.set_zlim(0.0, 2.0 * reach)  # type: ignore[attr-defined]
    for direction in (axes.xaxis, axes.yaxis, axes.zaxis):  # type: ignore[attr-defined]
        direction.set_major_locator(MaxNLocator(4))
    axes.set_box_aspect((1.0, 1.0, 1.0), zoom=0.9)  # type: ignore[call-arg]
    axes.set_title("in space (grey: its shadow)")


def _draw_above(axes: Axes, record: FlightRecord) -> None:
    position, set_point = thinned(record.position_w, record.set_point_w)
    targets = _distinct(record.set_point_w)
    axes.plot(set_point[:, 0], set_point[:, 1], color=LIGHT["orange"], linewidth=1.0, label="set-point")
    axes.plot(targets[:, 0], targets[:, 1], linestyle="", marker="o", markersize=5, color=LIGHT["orange"])
    axes.plot(position[:, 0], position[:, 1], color=LIGHT["blue"], label="flown")
    axes.set_xlabel("x, m")
    axes.set_ylabel("y, m")
    axes.set_aspect("equal", adjustable="datalim")
    axes.margins(0.12)
    axes.legend(loc="lower right", ncols=2, bbox_to_anchor=(1.0, 1.0), borderaxespad=0.0)
    axes.set_title("from above")


def _distinct(set_point: np.ndarray) -> np.ndarray:
    """Return set-points that were held for more than a moment, (T, 3)."""
    known = set_point[np.all(np.isfinite(set_point), axis=1)]
    if len(known) == 0:
        return known
    places, counts = np.unique(known.round(3), axis=0, return_counts=True)
    return places[counts > 0.02 * len(known)]


def timing(record: RunRecord, name: str) -> Html:
    """Return the distribution of the loop's period and of the state's age."""
    with style():
        figure = new_figure(2.5)
        left, right = figure.subplots(1, 2)
        _histogram(left, 1e3 * record.period_s, "loop period, ms", SERIES[0])
        _histogram(right, 1e3 * record.undisturbed_age_s, "age of the state estimate, ms", SERIES[2])
        return to_svg(figure, name)


def _histogram(axes: Axes, values: np.ndarray, label: str, role: str) -> None:
    axes.set_xlabel(label)
    axes.set_ylabel("loop steps")
    if values.size == 0:
        axes.text(0.5, 0.5, "not logged", transform=axes.transAxes, ha="center", color=LIGHT["muted"])
        return
    edge = float(np.percentile(values, 99.9))
    low = float(values.min())
    bins = np.linspace(low, max(edge, low + 1e-3), 60)
    axes.hist(np.clip(values, low, bins[-1]), bins=bins.tolist(), color=LIGHT[role])
    axes.set_yscale("log")
    axes.set_ylim(bottom=0.7)
    for percent, dash in ((50, "-"), (99, "--")):
        figure = float(np.percentile(values, percent))
        axes.axvline(figure, color=LIGHT["ink"], linewidth=0.9, linestyle=dash, label=f"p{percent}: {figure:.2f} ms")
    axes.legend(loc="lower right", ncols=2, bbox_to_anchor=(1.0, 1.0), borderaxespad=0.0)


def motors(record: FlightRecord, name: str) -> Html:
    """Return the motor commands as the robot reported them, in fractions of their range, and the battery's voltage."""
    with style():
        figure = new_figure(3.0)
        axes, battery = figure.subplots(2, 1, sharex=True, height_ratios=(2.0, 1.0))
        scale = 65535.0 if np.nanmax(record.motors, initial=0.0) > 1.5 else 1.0
        time, command = thinned(record.time_s, record.motors / scale)
        for i, role in enumerate(SERIES[: command.shape[1]]):
            axes.plot(time, command[:, i], color=LIGHT[role], linewidth=0.9, label=f"m{i + 1}")
        axes.set_ylim(0.0, 1.02)
        axes.set_xlim(record.time_s[0], record.time_s[-1])
        axes.set_ylabel("command, fraction")
        axes.legend(loc="lower right", ncols=4, bbox_to_anchor=(1.0, 1.0), borderaxespad=0.0)
        battery.plot(*thinned(record.time_s, record.battery_v), color=LIGHT["plum"], linewidth=0.9)
        battery.set_ylabel("battery, V")
        battery.set_xlabel("flight time, s")
        figure.align_ylabels([axes, battery])
        return to_svg(figure, name, seek=axes)


def percentiles_ms(seconds: np.ndarray) -> list[str]:
    """Return median, 95th, 99th and 99.9th percentile and maximum, milliseconds, as text."""
    finite = seconds[np.isfinite(seconds)]
    if finite.size == 0:
        return ["–"] * 5
    figures = [*np.percentile(finite, (50.0, 95.0, 99.0, 99.9)), finite.max()]
    return [f"{1e3 * value:.2f}" for value in figures]


def _ceiling(values: np.ndarray) -> float:
    finite = values[np.isfinite(values)]
    return 1.12 * float(finite.max()) + 0.5 if finite.size else 1.0
