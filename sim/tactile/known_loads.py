"""Fix each pad's one scale by pressing known loads in MuJoCo: ``python -m sim.tactile.known_loads``.

Balls, lying pegs and boxes are pressed on a bed of pins that is finer than the taxels (``pins.py``); MuJoCo says the
load that it carries. The scale is what makes the taxels show these loads in the mean. Never done while simulating.
"""

from __future__ import annotations

import json

import numpy as np
from rich.console import Console

from sim.tactile.field import ForceField
from sim.tactile.motion import Path, random_path
from sim.tactile.pads import PADS
from sim.tactile.pins import PinBed
from sim.tactile.sensor import Pad
from sim.tactile.stiffness import SCALES, foundation_stiffness

PRESSES, SEED = 40, 1
"""Those held out for comparisons have other seeds."""
STEP_S = 2e-3
LEAST_N = 0.1
"""Presses with less, beside the taxels, say nothing."""


def pressed_field(pad: Pad, path: Path, stiffness: float | None = None, step_s: float = STEP_S) -> ForceField:
    """Return the force field after a path, at rest."""
    field = ForceField(pad, [path.held.shape], stiffness=stiffness)
    for step in path.steps(step_s):
        field.step(*step, step_s)
    return field


def measure_scale(pad: Pad, presses: int = PRESSES, seed: int = SEED) -> float:
    """Return the factor on the gel's stiffness with which the taxels show the loads on a bed of pins in the mean."""
    random, stiffness = np.random.default_rng(seed), foundation_stiffness(pad.gel)
    shares = []
    for _ in range(presses):
        path = random_path(random, "press")
        bed = PinBed(pad, path, stiffness, pad.gel.friction)
        bed.follow()
        load = -bed.wrench()[0][2]
        if load > LEAST_N:
            shares.append(-pressed_field(pad, path, stiffness).wrench()[0][0, 2] / load)
    return float(1.0 / np.mean(shares))


def main() -> None:
    """Measure and store the scales of all pads."""
    console, scales = Console(), {}
    for name, pad in PADS.items():
        scales[name] = round(measure_scale(pad), 5)
        console.print(f"{pad.title}: {scales[name]:.5f}")
    SCALES.write_text(json.dumps(scales, indent=1) + "\n")


if __name__ == "__main__":
    main()
