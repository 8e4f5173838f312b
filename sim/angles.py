"""Angles without full turns."""

from __future__ import annotations

import math
from typing import TypeVar

import numpy.typing as npt

Angle = TypeVar("Angle", float, npt.NDArray)


def wrapped(angle: Angle) -> Angle:
    """Return an angle, or each of an array, in [-pi, pi), rad; numba compiles it as it is."""
    return (angle + math.pi) % (2.0 * math.pi) - math.pi
