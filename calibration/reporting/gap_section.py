"""The page's section about the gap between simulation and log, as ``sim2metal gap`` measured it."""

from __future__ import annotations

from typing import Any

import numpy as np

from calibration.reporting.formats import seconds, shown
from calibration.reporting.html import Html, figure, join, paragraph, table
from calibration.reporting.palette import LIGHT, SERIES
from calibration.reporting.plotting import new_figure, style, to_svg

SHOWN = 4
"""Parts, such as joints, that are listed: those that are furthest off."""
NEEDED = ("signals", "offset_s", "start_s", "explanations")


def is_whole(gap: dict[str, Any]) -> bool:
    """Whether a gap's file holds what is drawn of it."""
    try:
        return all(name in gap for name in NEEDED) and all(
            len(signal["curve"]) == len(gap["offset_s"]) and len(signal["by_segment"]) == len(gap["start_s"])
            for signal in (*gap["signals"], *gap.get("parts", ()))
        )
    except (TypeError, KeyError):
        return False


def gap_section(gap: dict[str, Any]) -> Html:
    """Errors after so long, over the log, and what may explain them."""
    length = gap["offset_s"][-1]
    horizons = [f"after {name.removesuffix('s')} s" for name in gap["signals"][0]["rms"]]
    said = [paragraph(f"Likely: {found['sentence']}.") for found in gap["explanations"]]
    unexplained = gap.get("unexplained", "none of the parameters that are looked at explains the errors")
    said = said or [paragraph(f"Likely: {unexplained}.")]
    caption = (
        f"Logged commands given to the simulation again in stretches of {length:g} s, each from its logged state: log"
        " less simulation, r.m.s. over the stretches, with the noise of the logged states (dashed); and how far they"
        " are apart at each stretch's end, over the log."
    )
    columns = (*horizons, "noise", "parts after", "worst at")
    parts = sorted(gap.get("parts", ()), key=lambda part: -part["curve"][-1] / part["noise"])[:SHOWN]
    furthest = [table(("furthest off", *columns), [_row(part) for part in parts])] if parts else []
    return join([
        figure(_plot(gap), caption),
        table(("signal", *columns), [_row(signal) for signal in gap["signals"]]),
        *furthest,
        *said,
    ])  # fmt: skip


def _row(signal: dict[str, Any]) -> list[str]:
    return [
        f"{signal['name']}, {signal['unit']}",
        *(f"{value:.3g}" for value in signal["rms"].values()),
        f"{signal['noise']:.2g}",
        shown(signal["parts_after_s"], seconds),
        seconds(signal["worst_s"]),
    ]


def _plot(gap: dict[str, Any]) -> Html:
    offset, start = np.array(gap["offset_s"]), np.array(gap["start_s"])
    with style():
        drawn = new_figure(5.2)
        grid = drawn.subplots(len(gap["signals"]), 2, sharex="col", width_ratios=(1.0, 2.0))
        for row, (axes, signal) in enumerate(zip(np.atleast_2d(grid), gap["signals"])):
            colour = LIGHT[SERIES[row % len(SERIES)]]
            axes[0].plot(offset, signal["curve"], color=colour)
            axes[0].axhline(signal["noise"], color=LIGHT["muted"], linestyle="--", linewidth=0.9)
            if signal["parts_after_s"] is not None:
                axes[0].axvline(signal["parts_after_s"], color=LIGHT["bad"], linewidth=1.0)
            axes[0].set_ylabel(signal["unit"])
            axes[0].set_title(signal["name"])
            axes[1].plot(start + offset[-1], signal["by_segment"], color=colour, marker="o", markersize=2.5)
            for ax in axes:
                ax.set_ylim(bottom=0.0)
        grid[-1][0].set_xlabel("after a stretch's beginning, s")
        grid[-1][1].set_xlabel("time, s")
        drawn.align_ylabels(list(np.atleast_2d(grid)[:, 0]))
        return to_svg(drawn, "gap")
