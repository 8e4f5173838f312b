"""A gap as figures for machines and as tables for people, of a flight or of joints."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

from calibration.gap.measure import Gap, SignalGap

SHOWN = 4
"""Joints that are listed: those that are furthest off."""


def figures(gap: Gap) -> dict[str, Any]:
    """Return it as JSON-able data, as ``sim2metal report`` draws it."""
    return {
        "signals": [_signal(signal) for signal in gap.signals],
        "parts": [_signal(part) for part in gap.parts],
        "offset_s": gap.offset_s.tolist(),
        "start_s": gap.start_s.tolist(),
        "explanations": [
            {"parameter": e.name, "change": e.change, "unit": e.unit, "share": e.share, "sentence": e.sentence}
            for e in gap.explanations
        ],
        "unexplained": gap.unexplained,
        "resampling": gap.resampling,
    }


def show(gap: Gap, acted: dict[str, Any] | None, warnings: tuple[str, ...], console: Console) -> None:
    """Print it, and what ``policy_gap`` said of the policy."""
    for text in warnings:
        console.print(f"[yellow]note[/]  {text}", soft_wrap=True)
    console.print(_table("log less simulation", gap.signals))
    if gap.parts:
        console.print(_table("furthest off", furthest(gap.parts)))
    console.print(f"{len(gap.start_s)} stretches, r.m.s.; {gap.resampling}", soft_wrap=True)
    for explanation in gap.explanations:
        console.print(f"likely: {explanation.sentence}", soft_wrap=True)
    if not gap.explanations:
        console.print(f"likely: {gap.unexplained}", soft_wrap=True)
    if acted is None:
        console.print("policy: the log holds no observations of this policy (it ran on board, or none ran)")
    elif acted["differs_from_s"] is None:
        console.print(f"policy: does again what it did, in {acted['steps']} steps")
    else:
        console.print(
            f"policy: differs from {acted['differs_from_s']:.2f} s on, by up to {acted['largest']:.1e} of the range of"
            f" {acted['action']}"
        )


def furthest(parts: tuple[SignalGap, ...]) -> tuple[SignalGap, ...]:
    """Return the parts that are furthest off at the stretches' ends, over their noise, the furthest first."""
    return tuple(sorted(parts, key=lambda part: -part.curve[-1] / part.floor)[:SHOWN])


def _table(title: str, signals: tuple[SignalGap, ...]) -> Table:
    horizons = list(signals[0].rms)
    table = Table(box=None)
    for column in (title, *(f"{h:g} s" for h in horizons), "noise", "parts", "worst"):
        table.add_column(column, no_wrap=True)
    for signal in signals:
        parts = "-" if signal.parts_after_s is None else f"{signal.parts_after_s:.2f} s"
        errors = (f"{signal.rms[h]:.2g}" for h in horizons)
        worst = f"{signal.worst:.2g} at {signal.worst_s:.1f} s"
        table.add_row(f"{signal.name}, {signal.unit}", *errors, f"{signal.floor:.2g}", parts, worst)
    return table


def _signal(signal: SignalGap) -> dict[str, Any]:
    return {
        "name": signal.name,
        "unit": signal.unit,
        "rms": {f"{horizon:g}s": value for horizon, value in signal.rms.items()},
        "noise": signal.floor,
        "parts_after_s": signal.parts_after_s,
        "worst_s": signal.worst_s,
        "worst": signal.worst,
        "curve": signal.curve.tolist(),
        "by_segment": signal.by_segment.tolist(),
    }
