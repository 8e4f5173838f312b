"""Plots of a run of a robot with joints: tilt, targets and joints, torque and temperature over time."""

from __future__ import annotations

import numpy as np

from calibration.reporting.flight_plots import shade_phases
from calibration.reporting.html import Html
from calibration.reporting.palette import LIGHT, SERIES
from calibration.reporting.plotting import new_figure, style, thinned, to_svg
from calibration.reporting.record import JointRecord

SHOWN = 6
"""Joints drawn by themselves: those that moved most."""


def over_time(record: JointRecord, name: str) -> Html:
    """Return tilt, largest distance from the targets and largest torque over time, modes behind them."""
    with style():
        figure = new_figure(4.6)
        rows = figure.subplots(3, 1, sharex=True)
        # A step without numbers has no largest one: NaN, without numpy's word about it.
        error = np.max(np.abs(record.target - record.position), axis=1, initial=0.0)
        torque = np.max(np.abs(record.torque), axis=1, initial=0.0)
        curves = (
            (np.degrees(record.tilt_rad), "tilt, degrees", "plum"),
            (np.degrees(error), "error, degrees", "blue"),
            (torque, "torque, N m", "orange"),
        )
        for axes, (values, label, role) in zip(rows, curves):
            time, shown = thinned(record.time_s, values)
            axes.plot(time, shown, color=LIGHT[role])
            axes.set_ylabel(label)
            axes.set_xlim(record.time_s[0], record.time_s[-1])
            shade_phases(axes, record, labels=axes is rows[0])
        rows[-1].set_xlabel("time, s")
        figure.align_ylabels(rows)
        return to_svg(figure, name)


def joints(record: JointRecord, names: list[str], name: str) -> Html:
    """Return target and position of the joints that moved most.

    Args:
        record: the run.
        names: of all joints, in order.
        name: of the figure.
    """
    with style():
        figure = new_figure(5.2)
        spread = np.nan_to_num(np.nanmax(record.position, axis=0) - np.nanmin(record.position, axis=0))
        chosen = np.sort(np.argsort(-spread, kind="stable")[:SHOWN])
        grid = figure.subplots((len(chosen) + 1) // 2, 2, sharex=True, squeeze=False)
        for axes, joint in zip(grid.flat, chosen):
            time, target, position = thinned(record.time_s, record.target[:, joint], record.position[:, joint])
            axes.plot(time, target, color=LIGHT["orange"], linewidth=1.1, label="target")
            axes.plot(time, position, color=LIGHT["blue"], label="joint")
            axes.set_title(names[joint].removesuffix("_joint").replace("_", " "))
            axes.set_xlim(record.time_s[0], record.time_s[-1])
            shade_phases(axes, record)
        grid[0, 0].set_ylabel("rad")
        for axes in grid[-1]:
            axes.set_xlabel("time, s")
        grid[0, 1].legend(loc="lower right", ncols=2, bbox_to_anchor=(1.0, 1.0), borderaxespad=0.0)
        return to_svg(figure, name)


def temperature(record: JointRecord, name: str) -> Html:
    """Return the hottest motor and the battery over time."""
    with style():
        figure = new_figure(2.0)
        left, right = figure.subplots(1, 2)
        hottest = np.max(record.temperature_c, axis=1, initial=-np.inf)
        curves = ((left, hottest, "hottest motor, C"), (right, record.battery_v, "battery, V"))
        for (axes, values, label), role in zip(curves, SERIES):
            time, shown = thinned(record.time_s, np.where(np.isfinite(values), values, np.nan))
            axes.plot(time, shown, color=LIGHT[role])
            axes.set_ylabel(label)
            axes.set_xlabel("time, s")
        return to_svg(figure, name)
