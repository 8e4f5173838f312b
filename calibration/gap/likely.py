"""Which parameter would explain a gap: each leaves a signature in the errors, and the errors are held against it.

A signature is the change of a simulated flight for a small change of one parameter (finite differences). The errors,
each signal in units of its own noise, are explained by a multiple of it: the multiple says how far off the parameter
is, and the share of the errors' squares that goes away how likely it is. Two parameters whose signatures look alike
cannot be told apart here: ``calibrate fit`` says so with intervals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from calibration.gap.replay import Change, Variant
from sim.flight.parameters import FlightParameters

MOST = 4
"""Parameters named at most."""
LEAST_SHARE = 0.05
"""Of the errors, that a parameter must explain beyond those before it."""


class Suspect(Protocol):
    """A parameter that may be off, of whatever kind of robot."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def unit(self) -> str: ...  # noqa: D102
    @property
    def step(self) -> float: ...  # noqa: D102
    @property
    def most(self) -> float: ...  # noqa: D102


@dataclass(frozen=True)
class Candidate:
    """A parameter of a multirotor that may be off."""

    name: str
    unit: str
    step: float
    """Change for the finite difference, in ``unit``; of what scales, 1 stands for 100 %."""
    most: float
    """Larger changes than this, either way, explain nothing: they cannot be."""
    variant: Variant


@dataclass(frozen=True)
class Explanation:
    """What one parameter would explain."""

    name: str
    unit: str
    change: float
    """In ``unit``."""
    share: float
    """Of the errors' squares that go away with it, beyond those before it."""

    @property
    def sentence(self) -> str:
        """In words."""
        amount = f"{self.change:+.1%}" if self.unit == "share" else f"{_scaled(self.change, self.unit)}"
        return f"{self.name} {amount} explains {self.share:.0%} of it"


def candidates() -> list[Candidate]:
    """Return what a multirotor's gap may come from."""

    def scaled(*names: str) -> Change:
        def change(flight: FlightParameters, rows: np.ndarray) -> None:
            for name in names:
                getattr(flight, name)[rows] *= np.float32(1.05)

        return change

    def yaw(flight: FlightParameters, rows: np.ndarray) -> None:
        flight.torque_per_thrust[rows] *= np.float32(1.05)

    def inertia(flight: FlightParameters, rows: np.ndarray) -> None:
        flight.inertia[rows, :2] *= np.float32(1.05)

    def centre(axis: int) -> Change:
        def change(flight: FlightParameters, rows: np.ndarray) -> None:
            flight.centre_of_mass_b[rows, axis] += np.float32(1e-3)

        return change

    def drag(flight: FlightParameters, rows: np.ndarray) -> None:
        flight.rotor_drag[rows] += (0.1 * flight.mass[rows])[:, None]

    return [
        Candidate("thrust of all motors", "share", 0.05, 0.6, Variant(scaled("thrust_curve"))),
        Candidate("mass", "share", 0.05, 0.6, Variant(scaled("mass"))),
        Candidate("roll and pitch inertia", "share", 0.05, 1.0, Variant(inertia)),
        Candidate("torque constant", "share", 0.05, 1.0, Variant(yaw)),
        Candidate("motor time constants", "share", 0.05, 1.0, Variant(scaled("motor_rise_s", "motor_fall_s"))),
        Candidate("latency", "s", 0.005, 0.08, Variant(latency_s=0.005)),
        Candidate("centre of mass forward, or front and rear motors unlike,", "m", 1e-3, 0.02, Variant(centre(0))),
        Candidate("centre of mass left, or left and right motors unlike,", "m", 1e-3, 0.02, Variant(centre(1))),
        Candidate("drag over mass", "1/s", 0.1, 3.0, Variant(drag)),
    ]


def explain(errors: np.ndarray, floor: np.ndarray, known: Sequence[Suspect] | None = None) -> list[Explanation]:
    """Return the parameters that together explain the errors, the most likely first.

    They are taken one by one, each time the one that explains most of what is left, and all that are taken are fitted
    again together (orthogonal matching pursuit); the last ones add little and are left out.

    Args:
        errors: (1 + candidates, S, T, k) as ``replay`` returns them: the nominal robot, then each candidate's.
        floor: (k,) noise of each column.
        known: the candidates, in order; default: those of a multirotor.
    """
    known = candidates() if known is None else known
    scaled = (errors / floor).reshape(len(errors), -1)
    base = scaled[0]
    power = float(base @ base)
    if power == 0.0:
        return []
    signatures = np.stack([(changed - base) / c.step for changed, c in zip(scaled[1:], known)], axis=1)
    taken: list[int] = []
    shares, changes, left = [], np.zeros(0), base
    while len(taken) < MOST:
        best, share = _next(signatures, left, taken, known)
        if best is None or share * float(left @ left) / power < LEAST_SHARE:
            break
        taken.append(best)
        changes = np.linalg.lstsq(signatures[:, taken], -base, rcond=None)[0]
        before, left = float(left @ left), base + signatures[:, taken] @ changes
        shares.append((before - float(left @ left)) / power)
    return [
        Explanation(known[i].name, known[i].unit, float(change), share)
        for i, change, share in zip(taken, changes, shares)
    ]


def _next(
    signatures: np.ndarray, left: np.ndarray, taken: list[int], known: Sequence[Suspect]
) -> tuple[int | None, float]:
    """The parameter that alone explains most of what is left, and how much; none that would have to change too far."""
    best, share = None, 0.0
    for i, candidate in enumerate(known):
        signature = signatures[:, i]
        length = float(signature @ signature)
        if i in taken or length == 0.0:
            continue
        change = -float(signature @ left) / length
        if abs(change) <= candidate.most and change * change * length / float(left @ left) > share:
            best, share = i, change * change * length / float(left @ left)
    return best, share


def _scaled(change: float, unit: str) -> str:
    if unit in ("s", "m", "rad"):
        return f"{1e3 * change:+.1f} m{unit}"
    return f"{change:+.2g} {unit}"
