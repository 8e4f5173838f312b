"""One still picture of a flight for a README: the robot with its path above, its error below."""

from __future__ import annotations

import io

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from calibration.reporting.flight_plots import error_axes
from calibration.reporting.palette import LIGHT
from calibration.reporting.plotting import new_figure, style
from calibration.reporting.record import FlightRecord
from calibration.reporting.settings import VideoSettings
from calibration.reporting.video import draw_still

WIDTH, SCENE_HEIGHT, PLOT_HEIGHT = 1120, 560, 250
"""Pixels; twice the column of a README on an ordinary screen."""


def flight_picture(record: FlightRecord) -> bytes:
    """Return the picture as a PNG file's content.

    Raises:
        ToolchainError: without OpenGL; the message says what to install.
        ConfigError: if the log holds no state estimate.
    """
    canvas = Image.new("RGB", (WIDTH, SCENE_HEIGHT + PLOT_HEIGHT), LIGHT["surface"])
    canvas.paste(Image.fromarray(_scene(record)), (0, 0))
    canvas.paste(_plot(record), (0, SCENE_HEIGHT))
    buffer = io.BytesIO()
    canvas.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _scene(record: FlightRecord) -> np.ndarray:
    """Draw the last moment before the landing, when the whole path is there."""
    aloft = [phase.end_s for phase in record.phases if phase.mode in ("running", "holding")]
    moment = aloft[-1] if aloft else float(record.time_s[-1])
    settings = VideoSettings(width=WIDTH, height=SCENE_HEIGHT, trail_segments=200)
    return draw_still(record, moment - 0.05, settings)


def _plot(record: FlightRecord) -> Image.Image:
    with style():
        figure = new_figure(PLOT_HEIGHT / 100.0, WIDTH / 100.0)
        figure.set_dpi(100.0)
        figure.set_facecolor(LIGHT["surface"])
        axes = figure.subplots()
        error_axes(axes, record)
        axes.set_xlabel("flight time, s")
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        return Image.fromarray(np.asarray(canvas.buffer_rgba())[:, :, :3])
