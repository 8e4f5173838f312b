"""Matplotlib figures as small inline SVG that follows the page's fonts and colour scheme.

No pyplot and no global state: a figure is made, drawn and written by the functions here.
"""

from __future__ import annotations

import io
import re
from contextlib import AbstractContextManager
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from calibration.reporting.html import Html
from calibration.reporting.palette import LIGHT, SERIES, as_css_variables

WIDTH_IN = 9.0
"""Figure width; at 72 SVG points per inch it fills the page's column at about 1.4 times."""

MAX_POINTS = 1500
"""A line is thinned to this many points: one per pixel of the column is all that can be seen."""

_RC: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "sim2metal",
    "font.family": "sans-serif",
    "font.size": 9.0,
    "axes.prop_cycle": mpl.cycler(color=[LIGHT[role] for role in SERIES]),
    "axes.edgecolor": LIGHT["grid"],
    "axes.facecolor": "none",
    "axes.labelcolor": LIGHT["muted"],
    "axes.titlecolor": LIGHT["ink"],
    "axes.titlesize": 9.5,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "figure.facecolor": "none",
    "grid.color": LIGHT["grid"],
    "grid.linewidth": 0.7,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "legend.labelcolor": LIGHT["ink"],
    "lines.linewidth": 1.5,
    "lines.solid_capstyle": "round",
    "text.color": LIGHT["ink"],
    "xtick.color": LIGHT["grid"],
    "ytick.color": LIGHT["grid"],
    "xtick.labelcolor": LIGHT["muted"],
    "ytick.labelcolor": LIGHT["muted"],
    "ytick.major.size": 0.0,
}


def style() -> AbstractContextManager[None]:
    """Return the context in which every figure is made and drawn, for a ``with`` block."""
    return mpl.rc_context(_RC)


def new_figure(height_in: float, width_in: float = WIDTH_IN) -> Figure:
    """Return an empty figure whose layout fits its labels by itself."""
    return Figure(figsize=(width_in, height_in), layout="constrained")


def settle(figure: Figure) -> None:
    """Lay a drawn figure out once; left to itself it does so again in every pass of being written."""
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)
        figure.set_layout_engine(None)


def thinned(*arrays: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return every n-th row of each array, at most ``MAX_POINTS``, the last row included."""
    count = len(arrays[0])
    if count <= MAX_POINTS:
        return arrays
    index = np.unique(np.linspace(0, count - 1, MAX_POINTS).round().astype(int))
    return tuple(array[index] for array in arrays)


def to_svg(figure: Figure, name: str, seek: Axes | None = None) -> Html:
    """Return the figure as inline SVG.

    Args:
        figure: made inside ``with style()``.
        name: prefix of every identifier, unique in the page.
        seek: axes over flight time; a click there moves the video (see ``page.js``).
    """
    buffer = io.StringIO()
    with style():
        settle(figure)
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    # The page is HTML, which knows SVG's name spaces by itself; metadata is of no use to a reader.
    svg = re.sub(r"<metadata>.*?</metadata>|\sxmlns(:\w+)?=\"[^\"]*\"", "", svg, flags=re.S)
    svg = re.sub(r'\bid="', f'id="{name}-', svg)
    svg = svg.replace("url(#", f"url(#{name}-").replace('href="#', f'href="#{name}-')
    # Text takes the page's font: only its size stays.
    svg = re.sub(r"font: ([\d.]+px) [^;\"]*", r"font-size: \1", svg)
    svg = re.sub(r"font-family: [^;\"]*;?", "", svg)
    attributes = f'role="img" aria-label="{name}"' + (f' data-seek="{_seek(figure, seek)}"' if seek else "")
    svg = svg.replace("<svg ", f"<svg {attributes} ", 1)
    return Html(as_css_variables(svg))


def _seek(figure: Figure, axes: Axes) -> str:
    """Return time limits and the plot area in SVG units, over all axes of the figure."""
    t0, t1 = axes.get_xlim()
    width, height = figure.get_size_inches() * 72.0
    left, right = axes.get_position().x0 * width, axes.get_position().x1 * width
    boxes = [other.get_position() for other in figure.axes]
    top = height * (1.0 - max(box.y1 for box in boxes))
    bottom = height * (1.0 - min(box.y0 for box in boxes))
    return " ".join(f"{value:.3f}" for value in (t0, t1, left, right, top, bottom))
