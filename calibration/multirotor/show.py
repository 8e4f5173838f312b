"""What an identification of a multirotor says, for people: a table of intervals, and what is not known in words."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from calibration.estimate import Estimate
from calibration.multirotor.holdout import HORIZONS_S
from calibration.multirotor.identify import Identification

SHARE = 0.90
"""Of the intervals shown."""


def show_multirotor(found: Identification, console: Console) -> None:
    """Print what was found."""
    estimate = found.estimate
    title = f"{found.flight.duration_s:.1f} s of flight; each interval holds the truth in {SHARE:.0%} of cases"
    table = Table("parameter", "value", "interval", "nominal", "unit", title=title, title_justify="left", box=None)
    nominal = {quantity.name: quantity.nominal for quantity in found.quantities.all}
    for name, unit, value, (low, high) in zip(
        estimate.names, estimate.units, estimate.values, estimate.interval(SHARE)
    ):
        usual = f"{nominal[name]:.4g}" if name in nominal else ""
        table.add_row(name, f"{value:.4g}", f"{low:.4g} to {high:.4g}", usual, unit)
    console.print(table)
    for reason, names in _by_reason(estimate).items():
        console.print(f"[yellow]not known[/] {', '.join(names)}: {reason}", soft_wrap=True)
    for note in estimate.notes:
        console.print(f"[yellow]note[/] {note}", soft_wrap=True)
    ahead = [
        f"{1e3 * estimate.holdout[f'position_m.{h:g}s']:.3g} mm after {h:g} s"
        f" (nominal {1e3 * estimate.holdout[f'nominal.position_m.{h:g}s']:.3g})"
        for h in HORIZONS_S
        if f"position_m.{h:g}s" in estimate.holdout
    ]
    if ahead:
        console.print(f"predicts what was not fitted to {', '.join(ahead)}", soft_wrap=True)
    d = estimate.diagnostics
    console.print(
        f"residuals' correlation with their neighbours up to {d['residual_correlation']:.2f}; condition"
        f" {d['condition']:.0f}; {d['drop_outs']:.0f} rows missing; {d['cpu_s']:.1f} CPU-seconds",
        soft_wrap=True,
    )


def _by_reason(estimate: Estimate) -> dict[str, list[str]]:
    """Return the unknown parameters that share each reason."""
    found: dict[str, list[str]] = {}
    for name, reason in estimate.unknown.items():
        found.setdefault(reason, []).append(name)
    return found
