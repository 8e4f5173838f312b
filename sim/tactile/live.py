"""Show a tour of an object over a pad: in a window where there is a display, in the terminal, or as a film."""

from __future__ import annotations

import os
import sys
import time
from typing import Any

from rich.console import Console
from rich.live import Live

from sim.errors import ConfigError
from sim.tactile.image import TactileCamera
from sim.tactile.moving_figure import MovingFigure
from sim.tactile.terminal import TerminalView
from sim.tactile.tour import Tour

FILM_FRAMES_PER_S = 15
TERMINAL_FRAMES_PER_S = 10
PICTURE_SHARE = 0.45
"""Of a terminal's width for the picture."""


def can_open_window() -> bool:
    """Return whether there is a display, and matplotlib has a toolkit for it."""
    if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return False
    import matplotlib.pyplot as plt  # (looks for a toolkit when it is asked for the first time)

    return plt.get_backend().lower() != "agg"


def show_in_terminal(tour: Tour, camera: TactileCamera | None, title: str, console: Console) -> None:
    """Play once in the terminal, in real time.

    Raises:
        ConfigError: without a terminal.
    """
    if not console.is_terminal:
        raise ConfigError("--live needs a terminal or a display; --out NAME.mp4 writes a film without either")
    view = TerminalView(title, int(PICTURE_SHARE * console.width), console.height - 2)
    begin = time.monotonic()
    with Live(console=console, auto_refresh=False) as live:
        for moment in tour.moments(TERMINAL_FRAMES_PER_S, camera):
            live.update(view.draw(moment), refresh=True)
            time.sleep(max(begin + moment.time_s - time.monotonic(), 0.0))


def show_in_window(tour: Tour, camera: TactileCamera | None, title: str) -> None:
    """Play again and again in a window until it is closed; ask ``can_open_window`` first."""
    import matplotlib.pyplot as plt

    figure = MovingFigure(tour.pad, title, plt.figure())
    is_open: list[Any] = [True]
    figure.figure.canvas.mpl_connect("close_event", lambda _: is_open.clear())
    while is_open:
        begin = time.monotonic()
        for moment in tour.moments(FILM_FRAMES_PER_S, camera):
            if not is_open:
                break
            figure.show(moment)
            figure.figure.canvas.draw_idle()
            plt.pause(max(begin + moment.time_s - time.monotonic(), 1e-3))


def film(tour: Tour, camera: TactileCamera | None, title: str, console: Console) -> bytes:
    """Return the tour as an MP4 file's content.

    Raises:
        ToolchainError: without ffmpeg.
        StorageError: if the temporary folder is full.
    """
    from rich.progress import Progress

    from sim.film import encode

    figure = MovingFigure(tour.pad, title)
    moments = tour.moments(FILM_FRAMES_PER_S, camera)
    with Progress(console=console, transient=True) as progress:
        total = int(tour.duration_s * FILM_FRAMES_PER_S) + 1
        frames = (figure.frame(m) for m in progress.track(moments, total=total, description="drawing the film"))
        first = next(frames)
        return encode(_with(first, frames), (first.shape[1], first.shape[0]), FILM_FRAMES_PER_S)


def _with(first: Any, others: Any) -> Any:
    yield first
    yield from others
