"""What an identification of joints says, for people: a table of joints, and in sentences what is not known."""

from __future__ import annotations

import math

from rich.console import Console
from rich.table import Table

from calibration.estimate import Estimate
from calibration.joints.holdout import HORIZONS_S
from calibration.joints.identify import Identification, parameter_name
from calibration.show import show_rest
from sim.bodies.dynamics import QUANTITIES, UNITS
from sim.spec import JointParameters

SHARE = 0.90
"""Of the intervals shown."""
SHOWN = {"bias": (1e3, "mrad"), "delay": (1e3, "ms")}
"""Factor and unit of quantities that are small in SI units."""


def show_joints(found: Identification, parameters: JointParameters, console: Console) -> None:
    """Print what was found."""
    estimate = found.estimate
    heads = [f"{name}\n{SHOWN.get(name, (1.0, UNITS[name]))[1]}" for name in QUANTITIES]
    title = f"{found.log.duration_s:.1f} s in the air; half of each {SHARE:.0%} interval after +-"
    table = Table("joint", *heads, title=title, title_justify="left", box=None)
    for joint in parameters.joint_names:
        table.add_row(joint, *(_cell(estimate, quantity, joint) for quantity in QUANTITIES))
    console.print(table)
    show_rest(estimate, console, ("joint_position_rad", "mrad", ".2f"), HORIZONS_S, _short)
    d = estimate.diagnostics
    console.print(
        f"residuals {1e3 * d['residual_rad']:.2f} mrad, neighbours' correlation up to {d['residual_correlation']:.2f};"
        f" condition {d['condition']:.0f}; {d['cpu_s']:.0f} CPU-seconds"
    )


def _cell(estimate: Estimate, quantity: str, joint: str) -> str:
    name = parameter_name(quantity, joint)
    if name in estimate.unknown:
        return "-"
    factor = SHOWN.get(quantity, (1.0, ""))[0]
    low, high = estimate.interval(SHARE)[estimate.names.index(name)]
    half = 0.5 * factor * (high - low)
    decimals = max(1 - math.floor(math.log10(half)), 0) if half > 0.0 else 6
    return f"{factor * estimate.value(name):.{decimals}f} +-{half:.{decimals}f}"


def _short(name: str, reason: str) -> str:
    """Return the first words of why, of one joint's, so that a robot that never moved fills no page."""
    return reason.partition(":")[0] if name.count(".") else reason
