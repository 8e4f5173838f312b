"""Overlays of several controllers on the same trajectories: paths from above, error over time below."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from calibration.reporting.palette import LIGHT, SERIES
from calibration.reporting.plotting import new_figure, settle, style, thinned

COLUMN_IN, PATH_IN, ERROR_IN = 3.0, 2.5, 1.7
"""Size of a trajectory's column and of its two rows, inches."""
DPI = 110
COLOURS = (*SERIES, "ink")
"""Roles of the palette, one per controller; red is kept for faults."""
_MARGIN_M = 0.35
"""Around the reference; a path that leaves it is lost from sight."""
_LEAST_ERROR_M = 3e-4


@dataclass(frozen=True)
class FlownPath:
    """One flight of one controller, and where it should have been."""

    controller: str
    """Gives the colour."""
    label: str
    """In the legend."""
    dotted: bool
    time_s: NDArray[np.float64]
    """(steps,)"""
    position_w: NDArray[np.float64]
    """(steps, 3) true position, m; not finite once lost."""
    reference_w: NDArray[np.float64]
    """(steps, 3)"""

    @property
    def error_m(self) -> NDArray[np.float64]:
        """(steps,) distance to the reference."""
        return np.linalg.norm(self.position_w - self.reference_w, axis=1)


def overlay(columns: Sequence[tuple[str, Sequence[FlownPath]]]) -> bytes:
    """Return a PNG with one column per trajectory.

    Args:
        columns: title and flights of each trajectory; a controller has the same colour in all of them, by the order in
            which controllers first appear.
    """
    looks = _looks([path for _, paths in columns for path in paths])
    with style():
        figure = new_figure(PATH_IN + ERROR_IN + 0.4, COLUMN_IN * max(len(columns), 2))
        figure.set_dpi(DPI)
        figure.set_facecolor(LIGHT["surface"])
        axes = figure.subplots(2, len(columns), squeeze=False, height_ratios=(PATH_IN, ERROR_IN))
        for (title, paths), above, below in zip(columns, axes[0], axes[1], strict=True):
            _paths(above, title, paths, looks)
            _errors(below, paths, looks)
        axes[0, 0].set_ylabel("y, m")
        axes[1, 0].set_ylabel("error, m")
        handles = [Line2D([], [], color=LIGHT["muted"], linestyle="--", label="reference")]
        handles += [Line2D([], [], label=name, **look) for name, look in looks.items()]
        figure.legend(
            handles=handles, loc="outside lower center", ncols=min(len(handles), 2 * max(len(columns), 2) - 3)
        )
        buffer = io.BytesIO()
        canvas = FigureCanvasAgg(figure)
        settle(figure)
        canvas.print_png(buffer, metadata={"Software": None})
    return buffer.getvalue()


def _paths(axes: Axes, title: str, paths: Sequence[FlownPath], looks: dict[str, dict]) -> None:
    reference = paths[0].reference_w
    for path in paths:
        axes.plot(*thinned(path.position_w[:, 0], path.position_w[:, 1]), **looks[path.label])
    axes.plot(*thinned(reference[:, 0], reference[:, 1]), color=LIGHT["muted"], linestyle="--", linewidth=1.0)
    low, high = reference[:, :2].min(axis=0) - _MARGIN_M, reference[:, :2].max(axis=0) + _MARGIN_M
    axes.set_xlim(low[0], high[0])
    axes.set_ylim(low[1], high[1])
    axes.set_aspect("equal")
    axes.set_title(title)
    axes.set_xlabel("x, m")


def _errors(axes: Axes, paths: Sequence[FlownPath], looks: dict[str, dict]) -> None:
    for path in paths:
        time, error = thinned(path.time_s, np.maximum(path.error_m, _LEAST_ERROR_M))
        axes.plot(time, error, **looks[path.label])
    axes.set_yscale("log")
    axes.set_ylim(_LEAST_ERROR_M, 3.0)
    axes.set_xlim(paths[0].time_s[0], paths[0].time_s[-1])
    axes.set_xlabel("time, s")


def _looks(paths: Sequence[FlownPath]) -> dict[str, dict]:
    """Colour and line of each label, in order: a colour per controller."""
    names = list(dict.fromkeys(path.controller for path in paths))
    looks = {}
    for path in paths:
        index = names.index(path.controller)
        dash = ":" if path.dotted else ("-", "-.", (0, (5, 1)))[index // len(COLOURS) % 3]
        looks[path.label] = {"color": LIGHT[COLOURS[index % len(COLOURS)]], "linestyle": dash, "linewidth": 1.3}
    return looks
