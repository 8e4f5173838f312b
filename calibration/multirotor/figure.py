"""A picture of an identification: intervals beside the nominal values, residuals, and predictions held out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from calibration.estimate import Estimate
from calibration.multirotor.holdout import HORIZONS_S
from calibration.multirotor.identify import Identification
from calibration.multirotor.residuals import OUTPUTS, autocorrelation
from sim.files import require_writable

LAGS = 25
"""Samples over which residuals' correlations are shown."""
WHITE = 2.6
"""Standard errors between which 99 % of the correlations of white noise lie."""
_MODEL, _NOMINAL = "#1f6f8b", "#b0b0b0"


def draw(found: Identification, path: Path) -> Path:
    """Write the picture; the file's suffix says its format.

    Raises:
        StorageError: if it cannot be written.
    """
    require_writable(path)
    figure = Figure(figsize=(13.0, 4.8), layout="constrained")
    FigureCanvasAgg(figure)
    values, residuals, ahead = figure.subplots(1, 3, width_ratios=(1.5, 1.2, 0.9))
    _values(values, found)
    _residuals(residuals, found)
    _ahead(ahead, found.estimate)
    figure.savefig(path, dpi=110)
    return path


def _values(axes: Axes, found: Identification) -> None:
    """Every stated quantity less the nominal one: in percent where it is positive, else in its prior's spreads."""
    estimate = found.estimate
    stated = [(k, q) for k, q in enumerate(found.quantities.all) if q.name in estimate.names]
    z = found.solution.z
    error = np.sqrt(np.diag(found.solution.covariance))
    scale = np.array([100.0 * quantity.spread if quantity.positive else 100.0 for _, quantity in stated])
    columns = [k for k, _ in stated]
    at, bars = scale * z[columns], 1.645 * scale * error[columns]
    rows = np.arange(len(stated))[::-1]
    axes.axvline(0.0, color=_NOMINAL, lw=1.0)
    axes.errorbar(at, rows, xerr=bars, fmt="o", ms=4, color=_MODEL, capsize=2)
    axes.set_yticks(rows, [q.name.replace("_", " ") for _, q in stated], fontsize=7)
    axes.set_xlabel("away from nominal, % (of its spread where it may be zero)")
    axes.set_title("values with 90 % intervals", fontsize=10, loc="left")


def _residuals(axes: Axes, found: Identification) -> None:
    residual = found.solution.residual
    correlation = autocorrelation(residual, LAGS)
    band = WHITE / np.sqrt(len(residual))
    axes.axhspan(-band, band, color=_NOMINAL, alpha=0.4, lw=0)
    for column, name in enumerate(OUTPUTS):
        if residual[:, column].any():
            axes.plot(np.arange(1, LAGS + 1), correlation[:, column], lw=1.0, label=name)
    axes.set_ylim(min(-0.15, axes.get_ylim()[0]), max(0.15, axes.get_ylim()[1]))
    axes.set_xlabel("lag, samples")
    axes.legend(fontsize=7, ncols=3, loc="upper right", frameon=False)
    axes.set_title("residuals' autocorrelation: white in the band", fontsize=10, loc="left")


def _ahead(axes: Axes, estimate: Estimate) -> None:
    for name, colour, label in (("", _MODEL, "identified"), ("nominal.", _NOMINAL, "nominal")):
        there = [h for h in HORIZONS_S if f"{name}position_m.{h:g}s" in estimate.holdout]
        axes.plot(there, [estimate.holdout[f"{name}position_m.{h:g}s"] for h in there], "o-", color=colour, label=label)
    if axes.lines and len(np.asarray(axes.lines[0].get_xdata())):
        axes.set_xscale("log"), axes.set_yscale("log")
        axes.set_xticks(HORIZONS_S, [f"{h:g}" for h in HORIZONS_S])
        axes.minorticks_off()
        axes.legend(frameon=False, fontsize=8)
    axes.set_xlabel("prediction, s")
    axes.set_ylabel("error of position, m")
    axes.set_title("held-out flight", fontsize=10, loc="left")
