"""The Allan deviation of every axis of every sensor, with the curve that was fitted, as a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from calibration.sensors.allan import AllanFit


def draw_allan(fits: Mapping[str, Sequence[AllanFit]], units: Mapping[str, str], path: Path) -> None:
    """Write a picture, one panel for each sensor.

    Args:
        fits: by stream, one for each axis.
        units: by stream.
        path: .png, .svg or .pdf.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.2 * len(fits), 4.2), layout="constrained")
    FigureCanvasAgg(figure)
    for panel, (name, axes) in zip(figure.subplots(1, len(fits), squeeze=False)[0], fits.items(), strict=True):
        for index, fit in enumerate(axes):
            if not fit.deviation.max() > 0.0:
                continue
            colour = f"C{index % 10}"
            low, high = fit.deviation * (1.0 - fit.relative_error), fit.deviation * (1.0 + fit.relative_error)
            panel.fill_between(fit.tau_s, low.clip(min=1e-30), high, color=colour, alpha=0.2, linewidth=0.0)
            panel.loglog(fit.tau_s, fit.deviation, ".", color=colour, label=_axis(index, len(axes)))
            if fit.values:
                panel.loglog(fit.tau_s, fit.curve(fit.tau_s), "-", color=colour, linewidth=1.0)
        panel.set_title(name)
        panel.set_xlabel("averaging time, s")
        panel.set_ylabel(f"Allan deviation, {units[name]}")
        panel.grid(True, which="both", alpha=0.25)
        panel.legend(ncols=1 if len(axes) <= 4 else 3, fontsize="small")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)


def _axis(index: int, count: int) -> str:
    return "xyz"[index] if count == 3 else str(index)
