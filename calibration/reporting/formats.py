"""Numbers as a reader wants them: with a unit, and no more digits than mean something."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any


def metres_as_cm(value: float) -> str:
    """Return a length in centimetres."""
    return f"{100.0 * value:.1f} cm"


def percent(value: float) -> str:
    """Return a share in percent."""
    return f"{100.0 * value:.1f} %"


def seconds(value: float) -> str:
    """Return a time in seconds."""
    return f"{value:.1f} s"


def milliseconds(value: float) -> str:
    """Return a time, given in milliseconds."""
    return f"{value:.1f} ms" if value < 100.0 else f"{value:.0f} ms"


def grouped(value: float) -> str:
    """Return a whole number in groups of three digits."""
    return f"{value:,.0f}".replace(",", "\u202f")


def kilobytes(value: float) -> str:
    """Return a size in kilobytes of 1000 bytes."""
    return f"{value / 1000.0:.1f} kB"


def scientific(value: float) -> str:
    """Return a small error with two digits."""
    return f"{value:.1e}"


def shown(value: Any, how: Callable[[float], str]) -> str:
    """Return a finite number as ``how`` shows it, anything else as a dash."""
    return how(value) if isinstance(value, int | float) and math.isfinite(value) else "–"


def plain(value: object) -> str:
    """Return any scalar as text."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return grouped(value)
    if isinstance(value, float):
        return f"{value:.4g}" if math.isfinite(value) else "–"
    return str(value)
