"""Bounds of numeric options: what is beyond them is refused by the option's name, before anything begins.

``options`` are by the name that follows ``--``; the first that is beyond its bound is named by a ``ConfigError``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sim.errors import ConfigError


def require_at_least(least: float, options: Mapping[str, float]) -> None:
    """Refuse what is less, and what is not a number."""
    _require(lambda value: value >= least, f"at least {least:g}", options)


def require_positive(options: Mapping[str, float]) -> None:
    """Refuse 0 and less, and what is not a number."""
    _require(lambda value: value > 0.0, "positive", options)


def require_share(options: Mapping[str, float]) -> None:
    """Refuse what is not between 0 and 1, ends included."""
    _require(lambda value: 0.0 <= value <= 1.0, "between 0 and 1", options)


def _require(fits: Callable[[float], bool], bound: str, options: Mapping[str, float]) -> None:
    for name, value in options.items():
        if not fits(value):
            raise ConfigError(f"--{name} must be {bound}, got {value}")
