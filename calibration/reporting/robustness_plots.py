"""How success and steady error depend on each randomised parameter, from the evaluation's bins."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from calibration.reporting.html import Html
from calibration.reporting.palette import LIGHT
from calibration.reporting.plotting import new_figure, style, to_svg
from policies.evaluation import wilson_interval

_COLUMNS = 4

_LABELS = {
    "mass": "mass, x nominal",
    "thrust": "thrust, x nominal",
    "motor_rise_s": "motor rise time, x nominal",
    "motor_fall_s": "motor fall time, x nominal",
    "motor_gain": "worst motor's gain, off by",
    "inertia": "inertia, worst axis off by",
    "torque_per_thrust": "torque / thrust, x nominal",
    "centre_of_mass_xy": "centre of mass offset, mm",
    "action_delay_s": "action delay, ms",
    "observation_delay_s": "observation delay, ms",
    "force_per_weight": "force, x weight",
    "torque_per_weight": "torque, x weight, mm",
}
"""Axis labels of known parameters; others are shown by their own name and quantity."""

_THOUSANDFOLD = ("centre_of_mass_xy", "action_delay_s", "observation_delay_s", "torque_per_weight")
"""Parameters shown in milli-units."""


def robustness(parameters: dict[str, dict[str, Any]], name: str) -> Html:
    """Return one small plot per parameter: success rate above, median steady error below.

    Args:
        parameters: ``Evaluation.robustness()``, as ``eval.json`` holds it.
        name: of the figure.
    """
    rows = math.ceil(len(parameters) / _COLUMNS)
    lowest = 100.0 * min(min(bins["success_rate"]) for bins in parameters.values())
    errors = [error for bins in parameters.values() for error in bins["median_steady_error_m"] if error is not None]
    highest = 100.0 * max(errors, default=0.01)
    with style():
        figure = new_figure(2.0 * rows)
        grid = figure.add_gridspec(2 * rows, _COLUMNS, height_ratios=(1.0, 1.2) * rows)
        for i, (parameter, bins) in enumerate(parameters.items()):
            row, column = divmod(i, _COLUMNS)
            top = figure.add_subplot(grid[2 * row, column])
            bottom = figure.add_subplot(grid[2 * row + 1, column], sharex=top)
            _draw(top, bottom, bins, 1e3 if parameter in _THOUSANDFOLD else 1.0)
            top.set_ylim(min(lowest - 1.0, 95.0), 100.8)
            bottom.set_ylim(0.0, 1.2 * highest)
            bottom.set_xlabel(_LABELS.get(parameter, f"{parameter}, {bins.get('quantity', 'value')}"), fontsize=8)
            if column == 0:
                top.set_ylabel("success, %", fontsize=8)
                bottom.set_ylabel("error, cm", fontsize=8)
        return to_svg(figure, name)


def _draw(top: Axes, bottom: Axes, bins: dict[str, Any], scale: float) -> None:
    centre = scale * np.array(bins["centre"])
    rate = 100.0 * np.array(bins["success_rate"])
    intervals = [wilson_interval(round(r * n / 100.0), n) for r, n in zip(rate, bins["episodes"])]
    low, high = 100.0 * np.array(intervals).T
    error = np.array([np.nan if e is None else 100.0 * e for e in bins["median_steady_error_m"]])
    top.fill_between(centre, low, high, color=LIGHT["teal"], alpha=0.16, linewidth=0.0)
    marker = {"marker": "o", "markersize": 2.8, "linewidth": 1.2}
    top.plot(centre, rate, color=LIGHT["teal"], **marker)
    bottom.plot(centre, error, color=LIGHT["plum"], **marker)
    top.tick_params(labelbottom=False)
    for axes in (top, bottom):
        axes.tick_params(labelsize=7.5)
        axes.margins(x=0.06)
