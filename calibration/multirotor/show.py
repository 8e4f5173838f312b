"""What an identification of a multirotor says, for people: a table of intervals, and what is not known in words."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from calibration.multirotor.holdout import HORIZONS_S
from calibration.multirotor.identify import Identification
from calibration.multirotor.planning import Plan
from calibration.show import show_rest

SHARE = 0.90
"""Of the intervals shown."""


def show_plan(plan: Plan, console: Console) -> None:
    """Print what is to be flown, why, and what it should tell."""
    mix = ", ".join(f"{kind} {share:.0%}" for kind, share in plan.excitation.parts)
    alone = ", ".join(f"{kind} {told:.2f}" for kind, told in plan.told.items() if kind != "plan")
    console.print(f"flies {mix}: tells {plan.told['plan']:.2f} of ln(1/interval) per quantity; alone: {alone}")
    for kind, why in plan.refused.items():
        console.print(f"[yellow]left out[/] {kind}: {why} in simulation")
    title = f"expected after {plan.excitation.duration_s:g} s, with sensors and air as usual"
    table = Table("parameter", "standard error", "unit", title=title, title_justify="left", box=None)
    for name, (error, unit) in plan.standard_errors().items():
        if "_bias_" not in name:
            share = plan.quantities.all[plan.quantities.index(name)].positive
            table.add_row(name, f"{100 * error:.2g}%" if share else f"{error:.2g}", "" if share else unit)
    console.print(table)


def show_multirotor(found: Identification, console: Console) -> None:
    """Print what was found."""
    estimate = found.estimate
    title = f"{found.flight.duration_s:.1f} s of flight; the truth is within +- in {SHARE:.0%} of cases"
    table = Table("parameter", "value", "+-", "nominal", "unit", title=title, title_justify="left", box=None)
    nominal = {quantity.name: quantity.nominal for quantity in found.quantities.all}
    for name, unit, value, (low, high) in zip(
        estimate.names, estimate.units, estimate.values, estimate.interval(SHARE)
    ):
        usual = f"{nominal[name]:.4g}" if name in nominal else ""
        table.add_row(name, f"{value:.4g}", f"{0.5 * (high - low):.2g}", usual, unit)
    console.print(table)
    show_rest(estimate, console, ("position_m", "mm", ".3g"), HORIZONS_S)
    d = estimate.diagnostics
    console.print(
        f"residuals' correlation with their neighbours up to {d['residual_correlation']:.2f}; condition"
        f" {d['condition']:.0f}; {d['drop_outs']:.0f} rows missing; {d['cpu_s']:.1f} CPU-seconds",
        soft_wrap=True,
    )
