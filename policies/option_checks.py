"""Bounds of numeric options: what is beyond them is refused by the option's name, before anything begins.

``options`` are by the name that follows ``--``; the first that is beyond its bound is named by a ``ConfigError``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from sim.errors import ConfigError


def require_at_least(least: float, options: Mapping[str, float]) -> None:
    """Refuse what is less, infinite or not a number."""
    _require(lambda value: value >= least, f"at least {least:g}", options)


def require_positive(options: Mapping[str, float]) -> None:
    """Refuse 0 and less, and what is infinite or not a number."""
    _require(lambda value: value > 0.0, "positive", options)


def require_share(options: Mapping[str, float]) -> None:
    """Refuse what is not between 0 and 1, ends included."""
    _require(lambda value: 0.0 <= value <= 1.0, "between 0 and 1", options)


def require_untouched(prefix: str, given: Any, default: Any, why: str) -> None:
    """Refuse settings that have no effect here and were changed all the same.

    Args:
        prefix: of the options' names.
        given: a dataclass of settings.
        default: the same, as it is without options.
        why: they have no effect.

    Raises:
        ConfigError: naming the first option that was changed.
    """
    for field in fields(given):
        if getattr(given, field.name) != getattr(default, field.name):
            raise ConfigError(f"--{prefix}.{field.name.replace('_', '-')} has no effect: {why}")


def _require(fits: Callable[[float], bool], bound: str, options: Mapping[str, float]) -> None:
    for name, value in options.items():
        if math.isinf(value):
            raise ConfigError(f"--{name} must be finite, got {value}")
        if not fits(value):
            raise ConfigError(f"--{name} must be {bound}, got {value}")
