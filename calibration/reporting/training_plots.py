"""The training curve: success and error of each evaluation, and the cost between them."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from calibration.reporting.html import Html
from calibration.reporting.palette import LIGHT
from calibration.reporting.plotting import new_figure, style, thinned, to_svg

_CLOCKS = {"wall_s": "training wall time, s", "env_steps": "environment steps", "iteration": "iteration"}
"""What the horizontal axis can be, the best first."""


def series(curve: list[dict[str, Any]], clock: str, key: str) -> tuple[np.ndarray, np.ndarray]:
    """Return ``clock`` and ``key`` of the points that have both, (P,) each, finite."""
    points = [(entry[clock], entry[key]) for entry in curve if _number(entry, clock) and _number(entry, key)]
    x, y = np.array(points, dtype=float).reshape(-1, 2).T
    known = np.isfinite(x) & np.isfinite(y)
    return x[known], y[known]


def curves(curve: list[dict[str, Any]], name: str) -> Html:
    """Return success rate and steady error of the evaluations beside the training cost.

    Args:
        curve: points of ``curve.jsonl`` (``policies/run_log.py``).
        name: of the figure.
    """
    clock = next((key for key in _CLOCKS if any(_number(point, key) for point in curve)), "iteration")
    with style():
        figure = new_figure(2.7)
        left, right = figure.subplots(1, 2)
        _evaluations(left, series(curve, clock, "success_rate"), series(curve, clock, "median_steady_error_m"))
        _cost(right, series(curve, clock, "cost"))
        for axes in (left, right):
            axes.set_xlabel(_CLOCKS[clock])
            axes.set_xlim(left=0.0)
        return to_svg(figure, name)


def _evaluations(axes: Axes, success: tuple[np.ndarray, np.ndarray], error: tuple[np.ndarray, np.ndarray]) -> None:
    marker = {"marker": "o", "markersize": 3.5}
    axes.set_title("evaluations during training")
    axes.plot(success[0], 100.0 * success[1], color=LIGHT["teal"], **marker)
    axes.set_ylim(0.0, 104.0)
    axes.set_ylabel("success, %", color=LIGHT["teal"])
    if error[0].size == 0:
        return
    other = axes.twinx()
    other.plot(error[0], 100.0 * error[1], color=LIGHT["plum"], **marker)
    other.set_ylim(0.0, 1.2 * min(100.0 * float(error[1].max()), 40.0))
    other.set_ylabel("median steady error, cm", color=LIGHT["plum"])
    other.grid(visible=False)


def _cost(axes: Axes, cost: tuple[np.ndarray, np.ndarray]) -> None:
    axes.set_title("training cost")
    axes.set_ylabel("mean cost per step")
    if cost[0].size == 0:
        axes.text(0.5, 0.5, "not logged", transform=axes.transAxes, ha="center", color=LIGHT["muted"])
        return
    x, value = thinned(*cost)
    axes.plot(x, value, color=LIGHT["blue"], linewidth=1.1)
    if value.min() > 0.0:
        axes.set_yscale("log")


def _number(entry: dict[str, Any], key: str) -> bool:
    return isinstance(entry.get(key), int | float)
