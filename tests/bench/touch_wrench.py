"""What the taxels show against MuJoCo: wrenches on a bed of pins, a held weight, and slip before it is seen.

``wrench.*``: 1000 presses, slides and twists of balls, pegs of 4 to 16 mm and boxes that the pads' scales were not
fixed with, in the median and (``_p95``) the 95th percentile: the force's difference as a share of the force, the
distance of the centres of pressure, and, for twists, the difference of the torques about the pad's normal there as a
share of it.
``grasp.*``: two pads hold 50 to 500 g; ``slip.*``: for two seconds with a quarter more grip than friction needs, then
they are loosened until slip is seen.
"""

from typing import Any

import numpy as np

from sim.tactile.known_loads import LEAST_N, pressed_field
from sim.tactile.motion import MOTIONS, random_path
from sim.tactile.pads import load_pad
from sim.tactile.pins import PinBed
from sim.tactile.slip import SlipDetector
from sim.tactile.stiffness import foundation_stiffness
from tests.sim.tactile.held import Hand

COUNT, SEED = 1000, 2
PAD = load_pad("gelsight_mini")
MASSES_KG = (0.05, 0.1, 0.2, 0.35, 0.5)
GRIP_N = 8.0
SAFE = 1.25
"""Grip over the least that friction needs, for false alarms."""
LOOSENING_N_S = 0.5
HOLDING_S, SETTLING_S = 2.0, 0.5


def measure(repeats: int = 3, count: int = COUNT) -> dict[str, Any]:
    """Return the figures; nothing here is timed, so ``repeats`` changes nothing."""
    return {**wrenches(count), **weights(), **slips()}


def wrenches(count: int = COUNT) -> dict[str, Any]:
    """Return how far the taxels are from the bed of pins."""
    random, found_all = np.random.default_rng(SEED), []
    while len(found_all) < count:
        found = _compare(random, MOTIONS[len(found_all) % len(MOTIONS)])
        if found is not None:
            found_all.append(found)
    force, centre, torque = np.array(found_all).T
    by_motion = {f"force_error_{name}": force[i :: len(MOTIONS)] for i, name in enumerate(MOTIONS)}
    errors = {"force_error": force, "centre_mm": 1e3 * centre, "torque_error": torque[np.isfinite(torque)], **by_motion}
    figures: dict[str, Any] = {"wrench.presses": count}
    for name, values in errors.items():
        figures[f"wrench.{name}"] = float(np.median(values))
        figures[f"wrench.{name}_p95"] = float(np.percentile(values, 95.0))
    return figures


def _compare(random: np.random.Generator, motion: str) -> tuple[float, float, float] | None:
    """Return the errors of force, centre and torque (NaN without a twist); None if the object misses the pad."""
    path = random_path(random, motion)
    bed = PinBed(PAD, path, foundation_stiffness(PAD.gel), PAD.gel.friction)
    bed.follow()
    force, torque, centre = bed.wrench()
    if not -force[2] > LEAST_N:
        return None
    field = pressed_field(PAD, path)
    ours, turning = (part[0] for part in field.wrench())
    twist = torque[2] - (centre[0] * force[1] - centre[1] * force[0])
    shown = turning[2] - (centre[0] * ours[1] - centre[1] * ours[0])
    return (
        float(np.linalg.norm(ours - force) / np.linalg.norm(force)),
        float(np.linalg.norm(field.centre_of_pressure()[0] - centre)),
        float(abs(shown - twist) / abs(twist)) if motion == "twist" else np.nan,
    )


def weights() -> dict[str, Any]:
    """Return how far the shear of two pads is from the weight that they hold."""
    errors = {}
    for mass in MASSES_KG:
        hand = Hand(mass)
        hand.run(HOLDING_S, grip_n=GRIP_N)
        errors[f"{1e3 * mass:.0f}_g"] = float(abs(hand.shown_weight_n() / hand.weight_n - 1.0))
    return {"grasp.weight_error": max(errors.values()), "grasp.weight_errors": errors}


def slips() -> dict[str, Any]:
    """Return how far objects moved before slip was seen, and how often it was seen while they were held."""
    moved, margins, false, samples = [], [], 0, 0
    for mass in MASSES_KG:
        hand, detector = Hand(mass), SlipDetector(PAD.gel.friction)
        hand.run(0.5, grip_n=GRIP_N)
        least = hand.weight_n / (2.0 * PAD.gel.friction)
        hand.run(SETTLING_S, grip_n=SAFE * least)
        for _ in range(round(HOLDING_S / 0.01)):
            hand.run(0.01, grip_n=SAFE * least)
            false, samples = false + int(detector.slips(hand.contact.force).any()), samples + 1
        grip, start = SAFE * least, hand.height_m()
        while not detector.slips(hand.contact.force).any():
            grip = max(grip - LOOSENING_N_S * 0.01, 0.0)
            hand.run(0.01, grip_n=grip)
        moved.append(float(1e3 * (start - hand.height_m())))
        margins.append(float(grip / least))
    return {"slip.moved_mm": max(moved), "slip.seen_at_grip_over_least": margins, "slip.false_alarms": false / samples}
